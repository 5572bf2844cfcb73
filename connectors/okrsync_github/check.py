"""Looks at site, token and scope of a source for ``okrsync doctor``; what goes wrong is a line and no exception."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from okrsync.errors import ConnectorError, NotFoundError
from okrsync.plugins.connector import CheckLine
from okrsync.plugins.context import Context
from okrsync_github.client import GithubClient
from okrsync_github.queries import PROJECT, TOTALS
from okrsync_github.settings import GithubSettings

_MAX_SKEW_SECONDS = 60
_FEW_REQUESTS = 500
_ENOUGH = "use a fine-grained token with Issues: read, Pull requests: read and Metadata: read"
_PROJECTS = "give the token the right to read projects (classic: read:project, fine-grained: Projects: read)"
_READING = ("read:", "user:email")


def check(
    client: GithubClient, settings: GithubSettings, context: Context, repositories: Callable[[], Sequence[str]]
) -> Iterator[CheckLine]:
    """What *client* meets, from the outside in; ends where nothing behind can be asked."""
    try:
        headers, meta = client.look("/meta")
    except ConnectorError as error:
        yield _failed(error)
        return
    version = headers.get("x-github-enterprise-version") or str(meta.get("installed_version") or "")
    yield CheckLine("ok", f"{client.url} answers ({f'GitHub Enterprise Server {version}' if version else 'GitHub'})")
    yield _clock(client, context)
    yield _rights(headers, is_app=settings.app is not None)
    yield from _limit(headers)
    try:
        names = repositories()
    except ConnectorError as error:
        yield _failed(error)
        return
    if not names:
        yield CheckLine("fail", "no repository is named by the patterns", "check repositories, exclude and topics")
    for name in names:
        yield _repository(client, name)
    yield from (_history(client, name) for name in names[:1])
    for project in settings.projects:
        yield _project(client, project)


def _failed(error: ConnectorError) -> CheckLine:
    what = f"{error.where}: {error.what}" if error.where else error.what
    return CheckLine("fail", what, error.next_step or "try again later")


def _clock(client: GithubClient, context: Context) -> CheckLine:
    told = client.server_time
    if told is None:
        return CheckLine("warn", "the server does not tell its time", "check a proxy between here and the server")
    skew = round((context.clock() - told).total_seconds())
    if abs(skew) <= _MAX_SKEW_SECONDS:
        return CheckLine("ok", "the clocks agree")
    return CheckLine(
        "warn", f"this machine's clock is {abs(skew)} s {'ahead' if skew > 0 else 'behind'}", "set this machine's clock"
    )


def _rights(headers: Mapping[str, str], *, is_app: bool) -> CheckLine:
    told = headers.get("x-oauth-scopes")
    if is_app or told is None:
        kind = "an App's" if is_app else "a fine-grained"
        return CheckLine("ok", f"the token is {kind} token; its rights show in what it can read below")
    scopes = [scope.strip() for scope in told.split(",") if scope.strip()]
    wide = [scope for scope in scopes if not scope.startswith(_READING)]
    if wide:
        return CheckLine("warn", f"the token may do more than read: {', '.join(wide)}", _ENOUGH)
    return CheckLine("ok", f"the token may only read ({', '.join(scopes) or 'what is public'})")


def _limit(headers: Mapping[str, str]) -> Iterator[CheckLine]:
    left, most = headers.get("x-ratelimit-remaining", ""), headers.get("x-ratelimit-limit", "")
    if not left.isdecimal() or most in {"", "0"}:
        yield CheckLine("ok", "the server sets no rate limit")
    elif int(left) < _FEW_REQUESTS:
        yield CheckLine("warn", f"{left} of {most} requests are left this hour", "run again later")
    else:
        yield CheckLine("ok", f"{left} of {most} requests are left this hour")


def _repository(client: GithubClient, name: str) -> CheckLine:
    try:
        _, found = client.look(f"/repos/{name}")
    except ConnectorError as error:
        return _failed(error)
    if found.get("has_issues") is False:
        return CheckLine("warn", f"{name} has its issues switched off", "only its pull requests are read")
    return CheckLine("ok", f"{name} can be read")


def _history(client: GithubClient, repository: str) -> CheckLine:
    owner, _, name = repository.partition("/")
    try:
        client.graphql(TOTALS, owner=owner, name=name)
    except NotFoundError:
        return CheckLine("warn", "GraphQL is not there, so there is no history", "check the url; reports have no past")
    except ConnectorError as error:
        return _failed(error)
    return CheckLine("ok", "history can be read")


def _project(client: GithubClient, project: str) -> CheckLine:
    owner, _, number = project.partition("/")
    try:
        found = client.graphql(PROJECT, owner=owner, number=int(number)).data.get("repositoryOwner") or {}
    except ConnectorError as error:
        return CheckLine("warn", f"project {project} cannot be read: {error.what}", _PROJECTS)
    if not found.get("projectV2"):
        return CheckLine("warn", f"project {project} is not there, or hidden", _PROJECTS)
    return CheckLine("ok", f"project {project} can be read")
