"""Talks to Plainlist: one request a call, plain dicts out, okrsync's errors only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import requests

from okrsync.errors import ConnectorError, UnexpectedResponseError
from okrsync.plugins.context import Context
from okrsync.plugins.http import GuardedAdapter, guard_session
from okrsync_example.settings import PlainlistSettings

PAGE_SIZE = 100


class PlainlistClient:
    """One connection to one Plainlist; not for use by several threads."""

    def __init__(self, settings: PlainlistSettings, context: Context) -> None:
        self.url = settings.url
        ca = str(context.folder / settings.ca) if settings.ca else None
        self._adapter = GuardedAdapter(settings.url, context, ca=ca, proxy=settings.proxy or None)
        self._session = requests.Session()
        guard_session(self._session, self._adapter)
        token = settings.token.resolve(context.folder).get_secret_value()
        self._session.headers["Authorization"] = f"Bearer {token}"

    @property
    def server_time(self) -> datetime | None:
        """Plainlist's clock at its last answer."""
        return self._adapter.server_time

    def tasks(self, project: str, since: datetime | None, offset: int) -> tuple[list[dict[str, Any]], bool]:
        """One page of tasks, ascending by change from *since* (inclusive); and whether there is more."""
        asked: dict[str, Any] = {"limit": PAGE_SIZE, "offset": offset}
        if since is not None:
            asked["changed_since"] = since.astimezone(UTC).isoformat()
        answer = self._ask(f"/projects/{project}/tasks", asked)
        if not isinstance(answer.get("more"), bool):
            raise UnexpectedResponseError("a page that does not say whether there is more", where=self.url)
        return self._listed(answer, "tasks"), answer["more"]

    def changes(self, project: str, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Every change of state of the tasks *ids*, oldest first."""
        return self._listed(self._ask(f"/projects/{project}/changes", {"tasks": ",".join(ids)}), "changes")

    def ids(self, project: str) -> tuple[list[str], int]:
        """The ids of all tasks, and how many Plainlist says there are."""
        answer = self._ask(f"/projects/{project}/ids", {})
        if not isinstance(answer.get("total"), int):
            raise UnexpectedResponseError("a list of ids without a total", where=self.url)
        return self._listed(answer, "ids"), answer["total"]

    def task(self, project: str, id_: str) -> Mapping[str, Any]:
        """One task."""
        return self._ask(f"/projects/{project}/tasks/{id_}", {})

    def me(self) -> Mapping[str, Any]:
        """What the token may do."""
        return self._ask("/me", {})

    def _listed(self, answer: Mapping[str, Any], name: str) -> list[Any]:
        found = answer.get(name)
        if not isinstance(found, list):
            raise UnexpectedResponseError(f"an answer without {name}", where=self.url)
        return found

    def _ask(self, path: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        where = f"{self.url}{path}"
        try:
            answer = self._session.get(where, params=dict(parameters)).json()
        except ConnectorError:
            raise
        except (requests.RequestException, ValueError) as error:
            kind = type(error).__name__
        else:
            if isinstance(answer, dict):
                return answer
            kind = "no object"
        # Raised out here: the library's exception holds the request with its headers.
        raise UnexpectedResponseError(f"could not be understood ({kind})", where=where)
