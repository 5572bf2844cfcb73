"""
Lists everything that a repository has, and says what became of what it has no more.

GraphQL would list it in smaller answers, but knows a pull request by another id than the issue list does. It is asked
how many there are, so that a list that is not whole is noticed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from okrsync.errors import NotFoundError, UnexpectedResponseError
from okrsync.plugins.connector import Fate, Missing, Resolution
from okrsync.plugins.context import Context
from okrsync.plugins.paging import Batch, keyset_batches
from okrsync_github.client import GithubClient
from okrsync_github.normalise import repository_of
from okrsync_github.queries import TOTALS

Fetch = Callable[[datetime | None, int], Batch]
"""One page of a repository's issue list, as the keyset asks for it."""


class CensusReader:
    """Reads the census of one source's repositories."""

    def __init__(self, client: GithubClient, context: Context) -> None:
        self._client = client
        self._context = context

    def ids(self, repository: str, fetch: Fetch) -> Iterator[Sequence[str]]:
        """
        Ids of all issues and pull requests of *repository*, in pages.

        Raises:
            UnexpectedResponseError: GitHub counts more than it lists.
        """
        where = f"{self._client.url}/repos/{repository}/issues"
        seen: set[str] = set()
        last: datetime | None = None

        def counted(since: datetime | None, offset: int) -> Batch:
            with self._context.requests.counted_as("census"):
                return fetch(since, offset)

        # Created while the list was read: the second reading starts from its end.
        for _ in range(2):
            for items in keyset_batches(counted, last, where):
                last = items[-1].updated
                fresh = [item.id for item in items if item.id not in seen]
                seen.update(fresh)
                if fresh:
                    yield fresh
            total = self._total(repository)
            if total is None or len(seen) >= total:
                return
        raise UnexpectedResponseError(
            f"{len(seen)} items are listed of {total}", where=where, next_step="try again; nothing is taken as deleted"
        )

    def resolve(self, repository: str, missing: Sequence[Missing]) -> Iterator[Resolution]:
        """What became of each of *missing*; one request each."""
        for item in missing:
            with self._context.requests.counted_as("census"):
                yield self._resolved(
                    item, f"/repos/{_repository_in(item.key) or repository}/issues/{_number(item.key)}"
                )

    def _resolved(self, item: Missing, path: str) -> Resolution:
        try:
            # A transferred issue is a redirection on the same site, which the library follows.
            _, raw = self._client.look(path)
        except NotFoundError:
            return Resolution(item.id, Fate.HIDDEN)
        except UnexpectedResponseError as error:
            # The transport has no kind of its own for 410, GitHub's word for deleted.
            return Resolution(item.id, Fate.GONE if error.what.startswith("answered 410") else Fate.HIDDEN)
        if str(raw.get("id")) == item.id:
            return Resolution(item.id, Fate.EXISTS)
        try:
            key = f"{repository_of(raw['repository_url'])}#{raw['number']}"
            return Resolution(item.id, Fate.MOVED, str(raw["id"]), key)
        except (KeyError, TypeError, ValueError, AttributeError):
            return Resolution(item.id, Fate.HIDDEN)

    def _total(self, repository: str) -> int | None:
        """How many there are by GitHub's own count; ``None`` where GraphQL is not there to tell."""
        owner, _, name = repository.partition("/")
        try:
            with self._context.requests.counted_as("census"):
                found = self._client.graphql(TOTALS, owner=owner, name=name).data["repository"]
            return int(found["issues"]["totalCount"]) + int(found["pullRequests"]["totalCount"])
        except NotFoundError:
            return None
        except (KeyError, TypeError, ValueError):
            raise UnexpectedResponseError("no count of items", where=f"{self._client.url}/repos/{repository}") from None


def _repository_in(key: str) -> str:
    return key.rpartition("#")[0]


def _number(key: str) -> str:
    return key.rpartition("#")[2]
