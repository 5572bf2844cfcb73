"""
The reports as answers to requests, always of the latest store: a WSGI application that only reads.

It answers GET and HEAD, under the names that it was told it has: another name in ``Host`` would be a page of somebody
else's that had its name point here. What is asked is text that is looked up, never run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Any

from okrsync import __version__
from okrsync.answers.kinds import PAGES
from okrsync.answers.query import ask
from okrsync.answers.workspace import open_workspace
from okrsync.errors import OkrsyncError, UsageError
from okrsync.formats.html import Picker, Way, policy_of, render_html
from okrsync.reports.words.formatting import harmless
from okrsync.web.choices import Choice, Choices, load_choices
from okrsync.web.query import AS_OF, read_query, written_query

Start = Callable[[str, list[tuple[str, str]]], Any]
_PLAIN = (
    ("Cache-Control", "no-store"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
)
_USUAL = {"cycle": "the usual", "team": "all teams"}
"""What nothing chosen is called; without it something is always chosen."""
_LONGEST_LINE = 1000


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What is sent back."""

    status: HTTPStatus
    body: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Application:
    """The site of the project at *config*; *hosts* are the names (with the port) under which it may be asked."""

    config: Path
    hosts: set[str]
    as_of: date | None = None
    hides_titles: bool = False

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """Answer one request, as WSGI wants it."""
        answer = self.answer(
            environ["REQUEST_METHOD"],
            environ.get("PATH_INFO", "/"),
            environ.get("QUERY_STRING", ""),
            environ.get("HTTP_HOST", ""),
        )
        body = answer.body.encode("utf-8", "replace")
        headers = [*_PLAIN, *answer.headers, ("Content-Length", str(len(body)))]
        if answer.body:
            headers.append(("Content-Type", "text/html; charset=utf-8"))
            headers.append(("Content-Security-Policy", f"{policy_of(answer.body)}; frame-ancestors 'none'"))
        start(f"{answer.status.value} {answer.status.phrase}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def answer(self, method: str, path: str, query: str, host: str) -> HttpAnswer:
        """The answer to a request; whatever happens, there is one, and it holds no traceback."""
        name = path.removeprefix("/")
        if host.casefold() not in self.hosts:
            why = "This site is not called so. Ask for it by its own address."
            return _refusal(HTTPStatus.MISDIRECTED_REQUEST, why)
        if method not in {"GET", "HEAD"}:
            return _refusal(HTTPStatus.METHOD_NOT_ALLOWED, "Reports are only read.", (("Allow", "GET, HEAD"),))
        if not name:
            # Relative, so that a proxy may put the site below a path of its own.
            return HttpAnswer(HTTPStatus.SEE_OTHER, "", (("Location", "outcomes"),))
        if name not in PAGES:
            return _refusal(HTTPStatus.NOT_FOUND, f"There is no such page; there are {', '.join(PAGES)}.")
        return self._report(name, query)

    def _report(self, name: str, query: str) -> HttpAnswer:
        try:
            return HttpAnswer(HTTPStatus.OK, self._page(name, read_query(query, PAGES[name].pickers)))
        except UsageError as error:
            return _refusal(HTTPStatus.BAD_REQUEST, str(error))
        except OkrsyncError as error:
            return _refusal(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
        except Exception as error:  # noqa: BLE001 - a bug in one report must not take the others along
            why = f"This is a bug in okrsync ({type(error).__name__}); please report it."
            print(f"okrsync: /{name}: {why}", file=sys.stderr)  # noqa: T201 - whoever runs the server must see it
            return _refusal(HTTPStatus.INTERNAL_SERVER_ERROR, why)

    def _page(self, name: str, query: dict[str, str]) -> str:
        day = date.fromisoformat(query[AS_OF]) if AS_OF in query else self.as_of
        with open_workspace(self.config, day, hides_titles=self.hides_titles) as workspace:
            choices = load_choices(workspace, name)
            chosen = _chosen(name, query, choices)
            answer = ask(workspace, PAGES[name].question_class(**chosen))
        day_picker = Picker(AS_OF, "As of", (), query.get(AS_OF, ""), is_day=True)
        return render_html(
            answer.page,
            version=__version__,
            digest=answer.digest,
            ways=_ways(name, query),
            pickers=(*_pickers(name, chosen, choices), day_picker),
        )


def _chosen(name: str, query: dict[str, str], choices: Choices) -> dict[str, str]:
    """What *query* chooses; a sprint is always one of several boards, so the first is taken where none is named."""
    chosen = {choice: query.get(choice, "") for choice in PAGES[name].pickers}
    if "sprint" in chosen and not chosen["sprint"] and choices["sprint"]:
        chosen["sprint"] = choices["sprint"][0][0]
    return chosen


def _pickers(name: str, chosen: Mapping[str, str], choices: Choices) -> list[Picker]:
    return [
        Picker(
            choice,
            choice.capitalize(),
            _offered(choice, choices[choice], chosen[choice]),
            chosen[choice],
        )
        for choice in PAGES[name].pickers
    ]


def _offered(name: str, choices: Sequence[Choice], value: str) -> list[Choice]:
    """*choices* with the usual one, and with *value* where it was asked for in other words than these."""
    usual = [("", _USUAL[name])] if name in _USUAL else []
    other = [] if not value or value in dict(choices) else [(value, value)]
    return [*usual, *other, *choices]


def _ways(name: str, query: dict[str, str]) -> Sequence[Way]:
    """Links to the other kinds, which keep the day that was chosen."""
    tail = written_query({AS_OF: query[AS_OF]} if AS_OF in query else {})
    return [Way(kind.title, f"{other}{tail}", is_here=other == name) for other, kind in PAGES.items()]


def _refusal(status: HTTPStatus, why: str, headers: tuple[tuple[str, str], ...] = ()) -> HttpAnswer:
    title = f"{status.value} {status.phrase}"
    lines = "".join(f"<p>{escape(harmless(line, _LONGEST_LINE))}</p>" for line in why.splitlines() if line.strip())
    body = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title} · okrsync</title></head>'
        f'<body><main><h1>{title}</h1>{lines}<p><a href="/outcomes">Outcomes</a></p></main></body></html>'
    )
    return HttpAnswer(status, body, headers)
