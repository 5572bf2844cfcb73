"""
Asks for what the issue list lacks: history, parents, branches, closed issues, fields of projects.

One request brings up to 200 items. Where that is too much for the server, it is halved until it works, and the size
that worked is remembered; where the server does not know or allow a part of the query, that part is left out for a
day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from okrsync.errors import NotFoundError, UnexpectedResponseError, UnreachableError
from okrsync.plugins.connector import RawItem
from okrsync.plugins.context import Context
from okrsync_github.client import GithubClient, GraphqlAnswer, RefusedQueryError, TooMuchError
from okrsync_github.queries import QueryLevel, details, timeline
from okrsync_github.reduction import Reducer

BATCH = 200
_NODES_MOST = 100
_GROW_AFTER = 20
_TRY_AGAIN_AFTER = timedelta(hours=24)
_MAX_FOLLOW_UPS = 200


class HalvingSize:
    """
    How much to ask for at once; kept in *memory* under *name*, so that the next run starts with what worked.

    It grows back, step by step, because one bad hour must not make every later run slow.
    """

    def __init__(self, memory: dict[str, Any], name: str, most: int) -> None:
        self._memory, self._name, self._most = memory, name, most

    @property
    def size(self) -> int:
        """From 1 to the most."""
        return min(max(int(self._state.get("size", self._most)), 1), self._most)

    def worked(self) -> None:
        """Note that a request of this size was answered."""
        if self.size == self._most:
            return
        good = int(self._state.get("good", 0)) + 1
        grown = good >= _GROW_AFTER
        self._keep(min(self.size * 2, self._most) if grown else self.size, 0 if grown else good)

    def halve(self, asked: int) -> bool:
        """Ask for half of *asked* from now on; ``False`` where that is not possible."""
        if asked == 1:
            return False
        self._keep(asked // 2, 0)
        return True

    @property
    def _state(self) -> Mapping[str, Any]:
        state = self._memory.get(self._name)
        return state if isinstance(state, dict) else {}

    def _keep(self, size: int, good: int) -> None:
        self._memory[self._name] = {"size": size, "good": good}


class DetailsReader:
    """Reads details of one source's items."""

    def __init__(self, client: GithubClient, context: Context) -> None:
        self._client = client
        self._context = context
        self._size = HalvingSize(context.memory, "details", BATCH)

    def read(self, repository: str, raws: Sequence[RawItem], extra_fields: Sequence[str]) -> dict[str, Any]:
        """Details by REST id, reduced and without people; what could not be read is left out."""
        reducer = Reducer(extra_fields)
        found: dict[str, Any] = {}
        left = [raw for raw in raws if raw.get("node_id")]
        while left and self._level is not QueryLevel.NONE:
            batch = left[: self._size.size]
            try:
                answer = self._ask(repository, [str(raw["node_id"]) for raw in batch])
            except RefusedQueryError:
                self._lower()
                continue
            except NotFoundError:
                self._keep_level(QueryLevel.NONE)
                break
            except UnreachableError as error:
                if not is_too_much(error, self._client) or not self._size.halve(len(batch)):
                    raise
                continue
            nodes = _nodes(answer, len(batch), self._client.url)
            if self._level is QueryLevel.FULL and _projects_refused(answer, nodes):
                self._lower()
                continue
            if answer.was_too_much and None in nodes and self._size.halve(len(batch)):
                continue
            self._size.worked()
            reducer.learn_milestones(answer.data.get("repository"))
            for raw, node in zip(batch, nodes, strict=True):
                if node is not None:
                    found[str(raw["id"])] = reducer.reduced(node, self._events(node, str(raw["node_id"])))
            left = left[len(batch) :]
        # A server without GraphQL has no history to wait for.
        return found | {str(raw["id"]): {"events": []} for raw in left}

    def _ask(self, repository: str, ids: list[str]) -> GraphqlAnswer:
        owner, _, name = repository.partition("/")
        return self._client.graphql(
            details(self._level), ids0=ids[:_NODES_MOST], ids1=ids[_NODES_MOST:], owner=owner, name=name
        )

    def _events(self, node: Mapping[str, Any], node_id: str) -> Iterator[Mapping[str, Any]]:
        """All events of *node*; what did not fit into the first answer is asked for."""
        connection = node.get("timelineItems") or {}
        for _ in range(_MAX_FOLLOW_UPS):
            yield from (event for event in connection.get("nodes") or () if event)
            page = connection.get("pageInfo") or {}
            if not page.get("hasNextPage"):
                return
            answer = self._client.graphql(timeline(self._level), id=node_id, after=page.get("endCursor"))
            connection = (answer.data.get("node") or {}).get("timelineItems") or {}
        raise UnexpectedResponseError("a timeline without an end", where=self._client.url)

    @property
    def _level(self) -> QueryLevel:
        kept = self._context.memory.get("level")
        if not isinstance(kept, dict):
            return QueryLevel.FULL
        try:
            since = datetime.fromisoformat(kept["since"])
            # Servers are updated and tokens given more rights.
            return QueryLevel(kept["level"]) if self._context.clock() - since < _TRY_AGAIN_AFTER else QueryLevel.FULL
        except (KeyError, TypeError, ValueError):
            return QueryLevel.FULL

    def _lower(self) -> None:
        if self._level is QueryLevel.LEAN:
            raise UnexpectedResponseError(
                "GraphQL refuses the query for histories", where=self._client.url, next_step="run `okrsync doctor`"
            )
        self._keep_level(QueryLevel(self._level + 1))

    def _keep_level(self, level: QueryLevel) -> None:
        self._context.memory["level"] = {"level": int(level), "since": self._context.clock().isoformat()}


def is_too_much(error: UnreachableError, client: GithubClient) -> bool:
    """Whether *error* is about how much was asked for, and not about a server that is down."""
    return isinstance(error, TooMuchError) or client.is_answering()


def _nodes(answer: GraphqlAnswer, asked: int, where: str) -> list[Mapping[str, Any] | None]:
    parts = [answer.data.get(part) for part in ("part0", "part1")]
    nodes = [node for part in parts if isinstance(part, list) for node in part]
    if len(nodes) != asked or not all(node is None or isinstance(node, dict) for node in nodes):
        raise UnexpectedResponseError("GraphQL gave other nodes than were asked for", where=where)
    return nodes


def _projects_refused(answer: GraphqlAnswer, nodes: Sequence[Mapping[str, Any] | None]) -> bool:
    # A list that must be there takes its whole item with it where the token may not read projects.
    paths = [error.get("path") for error in answer.errors]
    return None in nodes and any(isinstance(path, list) and "projectItems" in path for path in paths)
