"""
The loopback sites together, on one port: in a test for as long as it runs, or in a process until it is told to end.

Apart from the sites, so that neither of them knows of the other or of signals.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from okrsync.jobs.cancellation import SLICE_SECONDS, handle_signals
from okrsync.sandbox.github_site import GithubSite
from okrsync.sandbox.http import Clock, LoopbackServer, utc_now
from okrsync.sandbox.jira_site import JiraSite
from okrsync.sandbox.tracker_data import GithubData, JiraData


class Sites:
    """
    Both sites on one loopback server, which runs inside the ``with`` block; port 0 takes any free one.

    *clock* is the sites' own time: their ``Date`` header and Jira's ``serverTime``.
    """

    def __init__(self, github: GithubData, jira: JiraData, *, clock: Clock = utc_now, port: int = 0) -> None:
        self.github = GithubSite(github, clock=clock)
        self.jira = JiraSite(jira, clock=clock)
        self.server = LoopbackServer({"/github": self.github.handle, "/jira": self.jira.handle}, port=port, clock=clock)

    def __enter__(self) -> Self:
        self.server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.stop()

    @property
    def github_url(self) -> str:
        """The API address of the GitHub site, as a GitHub Enterprise base URL."""
        return f"{self.server.url}/github"

    @property
    def jira_url(self) -> str:
        """The address of the Jira site."""
        return f"{self.server.url}/jira"


def serve_until_terminated(sites: Sites, announce: Callable[[str], None]) -> None:
    """
    Serve *sites* until SIGTERM or SIGINT, and *announce* their addresses as one JSON line once they answer.

    Call it from the main thread; the handlers of both signals are put back afterwards.

    Raises:
        OSError: the port is taken.
    """
    with _termination() as terminated, sites:
        announce(json.dumps({"github": sites.github_url, "jira": sites.jira_url}))
        while not terminated.wait(SLICE_SECONDS):
            pass


@contextmanager
def _termination() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set, and SIGBREAK where there is one."""
    terminated = threading.Event()
    with handle_signals(("SIGTERM", "SIGINT", "SIGBREAK"), lambda *_: terminated.set()):
        yield terminated
