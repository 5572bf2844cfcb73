"""
Reads milestones of repositories and iterations of projects, which change without any item being updated.

A change on a project's board leaves the issue's own time of update alone, and a project cannot be asked for what
changed since: where anything on it did, all its items are looked through by their own times.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from okrsync.errors import ConnectorError, NotFoundError, UnexpectedResponseError, UnreachableError
from okrsync.model.work import IterationRecord
from okrsync.plugins.connector import IterationsRead
from okrsync.plugins.context import Context
from okrsync.plugins.text import without_people
from okrsync.plugins.timestamps import instant, start_of_day
from okrsync_github.client import PAGE_SIZE, GithubClient, GraphqlAnswer
from okrsync_github.details import HalvingSize, is_too_much
from okrsync_github.normalise import milestone_id, repository_of
from okrsync_github.queries import PROJECT, PROJECT_ITEMS
from okrsync_github.reduction import project_id

_MAX_PAGES = 10_000
# Between this machine's clock and GitHub's; what lies inside is only looked at twice.
_CLOCK_SLACK = timedelta(minutes=5)


class IterationsReader:
    """Reads the iterations of one source; made at the start of a run, before any item is read."""

    def __init__(self, client: GithubClient, context: Context, source: str) -> None:
        self._client = client
        self._source = source
        self._context = context
        self._started = context.clock()
        self._size = HalvingSize(context.memory, "project_items", PAGE_SIZE)

    def milestones(self, repository: str) -> IterationsRead:
        """All milestones of *repository*: one request where there are at most a hundred."""
        path = f"/repos/{repository}/milestones"
        found: list[IterationRecord] = []
        for number in range(1, _MAX_PAGES):
            page, more = self._client.page(path, number, state="all", sort="due_on", direction="desc")
            try:
                found += [self._milestone(repository, raw) for raw in page]
            except (KeyError, TypeError, ValueError, AttributeError):
                raise UnexpectedResponseError(
                    "a milestone of another shape", where=f"{self._client.url}{path}"
                ) from None
            if not more:
                break
        return IterationsRead(tuple(found))

    def project(self, owner: str, number: int, cursor: str) -> IterationsRead:
        """
        Iterations of a project, and ids of the items whose fields changed on it after *cursor*.

        Raises:
            NotFoundError: there is no such project, or this token does not see it.
        """
        where = f"project {owner}/{number}"
        project = (self._client.graphql(PROJECT, owner=owner, number=number).data.get("repositoryOwner") or {}).get(
            "projectV2"
        )
        if not project:
            raise NotFoundError(
                "not found, or hidden from this token", where=where, next_step="the token needs to read projects"
            )
        try:
            updated = instant(project["updatedAt"])
            iterations = tuple(self._of_fields(project))
            # What changes while this run reads is met again by the next one.
            now = min(updated, self._started - _CLOCK_SLACK).isoformat()
            if not cursor or updated <= instant(cursor):
                return IterationsRead(iterations, (), cursor or now)
            touched = tuple(dict.fromkeys(self._touched(project["id"], instant(cursor))))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise UnexpectedResponseError("a project of another shape", where=where) from None
        return IterationsRead(iterations, touched, max(now, cursor, key=instant))

    def _milestone(self, repository: str, raw: Mapping[str, Any]) -> IterationRecord:
        # The address has the repository's own spelling, as the items have it.
        spelled = repository_of(raw["url"].partition("/milestones/")[0]) if raw.get("url") else repository
        due, closed = raw.get("due_on"), raw.get("closed_at")
        return IterationRecord(
            source=self._source,
            id=milestone_id(spelled, raw["number"]),
            name=without_people(raw.get("title") or ""),
            state="closed" if raw["state"] == "closed" else "active",
            end=instant(due) if due else None,
            completed=instant(closed) if closed else None,
        )

    def _of_fields(self, project: Mapping[str, Any]) -> Iterator[IterationRecord]:
        lead = project_id(project["url"])
        for field in project["fields"]["nodes"]:
            configuration = (field or {}).get("configuration") or {}
            for name in ("completedIterations", "iterations"):
                for each in configuration.get(name) or ():
                    yield self._iteration(lead, each, is_completed=name == "completedIterations")

    def _iteration(self, lead: str, told: Mapping[str, Any], *, is_completed: bool) -> IterationRecord:
        start = start_of_day(date.fromisoformat(told["startDate"]))
        end = start + timedelta(days=told["duration"])
        state = "closed" if is_completed else "future" if start > self._context.clock() else "active"
        return IterationRecord(
            source=self._source,
            id=f"{lead}/{told['id']}",
            name=without_people(told.get("title") or ""),
            state=state,
            start=start,
            end=end,
            completed=end if is_completed else None,
        )

    def _touched(self, project: str, since: datetime) -> Iterator[str]:
        after: str | None = None
        for _ in range(_MAX_PAGES):
            items = (self._page(project, after).data.get("node") or {})["items"]
            for item in items["nodes"]:
                if item and item.get("content") and instant(item["updatedAt"]) > since:
                    id_ = self._id_of(item["content"])
                    if id_:
                        yield id_
            if not items["pageInfo"]["hasNextPage"]:
                return
            after = items["pageInfo"]["endCursor"]
        raise UnexpectedResponseError("a project without an end", where=self._client.url)

    def _page(self, project: str, after: str | None) -> GraphqlAnswer:
        while True:
            try:
                answer = self._client.graphql(PROJECT_ITEMS, id=project, first=self._size.size, after=after)
            except UnreachableError as error:
                if not is_too_much(error, self._client) or not self._size.halve(self._size.size):
                    raise
            else:
                self._size.worked()
                return answer

    def _id_of(self, content: Mapping[str, Any]) -> str:
        """The id in the issue list; a pull request has another one there than GraphQL knows, so it is looked up."""
        if content.get("__typename") == "Issue":
            return str(content["fullDatabaseId"])
        if content.get("__typename") != "PullRequest":
            return ""
        path = f"/repos/{content['repository']['nameWithOwner']}/issues/{content['number']}"
        try:
            return str(self._client.look(path)[1].get("id") or "")
        except ConnectorError as error:
            if isinstance(error, NotFoundError):
                return ""
            raise
