"""
One repository of the GitHub site: its objects in the orders that are asked for, and what happened to them.

Apart from the site, which only knows paths.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from zlib import crc32

from okrsync.sandbox.tracker_data import GithubRepository, RawObject

_API = "https://api.github.com/repos"
_SITE = "https://github.com"


def github_time(at: datetime) -> str:
    """Return the aware time *at* in the form of GitHub's API, cut to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class NodeIndex:
    """A repository's objects in the orders that are asked for; never changed, so it is read without a lock."""

    issues: tuple[RawObject, ...]

    @cached_property
    def by_updated(self) -> list[RawObject]:
        """By update, then id."""
        return sorted(self.issues, key=lambda each: (each["updated_at"], each["id"]))

    @cached_property
    def updated(self) -> list[str]:
        """``updated_at`` of each object of *by_updated*, to look a time up in."""
        return [each["updated_at"] for each in self.by_updated]

    @cached_property
    def by_created(self) -> list[RawObject]:
        """By creation, then id."""
        return sorted(self.issues, key=lambda each: (each["created_at"], each["id"]))

    @cached_property
    def by_number(self) -> dict[int, RawObject]:
        """By number."""
        return {each["number"]: each for each in self.issues}

    @cached_property
    def by_node(self) -> dict[str, RawObject]:
        """By GraphQL's id."""
        return {each["node_id"]: each for each in self.issues}

    @cached_property
    def pull_requests(self) -> int:
        """How many of them are pull requests."""
        return sum(each.get("pull_request") is not None for each in self.issues)


class Shelf:
    """One repository: its objects are replaced and never changed, so a response being written cannot tear."""

    def __init__(self, repository: GithubRepository) -> None:
        self.repository = repository
        self.deleted: set[int] = set()
        self.moved: dict[int, tuple[str, int]] = {}
        self._lock = threading.Lock()
        self._index: NodeIndex | None = None

    @property
    def full_name(self) -> str:
        """``owner/name``."""
        return self.repository.full_name

    @property
    def index(self) -> NodeIndex:
        """The objects as they stand."""
        with self._lock:
            if self._index is None:
                self._index = NodeIndex(tuple(self.repository.issues))
            return self._index

    def edit(self, number: int, changes: RawObject, events: Sequence[RawObject], *, derive: bool) -> None:
        """Change an object, and append *events* to its timeline; *derive* adds those that *changes* speak of."""
        with self._lock:
            issues = self.repository.issues
            for position, each in enumerate(issues):
                if each["number"] == number:
                    changed = each | changes
                    told = self._timeline(each)
                    told += [*(derived_events(each, changed) if derive else ()), *events]
                    self.repository.timelines[number] = _with_ids(changed["node_id"], told)
                    issues[position] = changed
                    self._index = None
                    return
            raise KeyError(number)

    def add(self, raw: RawObject, timeline: Sequence[RawObject] | None = None) -> None:
        """Put one more object onto the shelf."""
        with self._lock:
            if any(each["number"] == raw["number"] for each in self.repository.issues):
                message = f"{self.full_name} already has a number {raw['number']}; edit() changes it"
                raise ValueError(message)
            if timeline is not None:
                self.repository.timelines[raw["number"]] = list(timeline)
            self.repository.issues.append(raw)
            self._index = None

    def take(self, number: int) -> tuple[RawObject, list[RawObject]]:
        """Take an object off the shelf, and return it with its timeline."""
        with self._lock:
            issues = self.repository.issues
            for position, each in enumerate(issues):
                if each["number"] == number:
                    timeline = self._timeline(each)
                    del issues[position]
                    self.repository.timelines.pop(number, None)
                    self._index = None
                    return each, timeline
            raise KeyError(number)

    def timeline(self, raw: RawObject) -> list[RawObject]:
        """The events of *raw*, oldest first."""
        with self._lock:
            return self._timeline(raw)

    def description(self, api_address: str) -> RawObject:
        """The repository's own object."""
        owner, _, name = self.full_name.partition("/")
        number = crc32(self.full_name.encode())
        return {
            "id": number,
            "node_id": f"R_{number}",
            "name": name,
            "full_name": self.full_name,
            "owner": {"login": owner, "type": "Organization"},
            "private": False,
            "archived": self.repository.archived,
            "disabled": self.repository.disabled,
            "topics": list(self.repository.topics),
            "has_issues": True,
            "default_branch": "main",
            "url": api_address,
            "html_url": f"{_SITE}/{self.full_name}",
        }

    def branch(self, raw: RawObject) -> str:
        """The head branch; GitHub's schema has no null here, and recorded lists do not say it."""
        return self.repository.branches.get(raw["number"], "")

    def _timeline(self, raw: RawObject) -> list[RawObject]:
        told = self.repository.timelines.get(raw["number"])
        if told is None:
            told = sorted(derived_events(_blank(raw), raw), key=lambda event: str(event["createdAt"]))
        return _with_ids(raw["node_id"], told)


def moved_to(full_name: str, number: int, raw: RawObject, at: str) -> RawObject:
    """*raw* as it is after its transfer to *full_name*: with another id, number and address."""
    repository = f"{_API}/{full_name}"
    kind = "issues" if raw.get("pull_request") is None else "pull"
    id_ = 7_000_000_000 + crc32(full_name.encode()) % 1_000_000 * 1000 + number
    return raw | {
        "id": id_,
        "node_id": f"I_moved_{id_}",
        "number": number,
        "url": f"{repository}/issues/{number}",
        "repository_url": repository,
        "html_url": f"{_SITE}/{full_name}/{kind}/{number}",
        "updated_at": at,
    }


def derived_events(before: RawObject, after: RawObject) -> Iterator[RawObject]:
    """The events, as GraphQL tells them but without ids, that lead from *before* to *after* at the latter's update."""
    at = after["updated_at"]
    yield from _status_events(before, after, at)
    held = [{label["name"] for label in raw.get("labels") or () if isinstance(label, dict)} for raw in (before, after)]
    for kind, names in (("UnlabeledEvent", held[0] - held[1]), ("LabeledEvent", held[1] - held[0])):
        for name in sorted(name for name in names if name):
            yield {"__typename": kind, "createdAt": _since_start(before, at), "label": {"name": name}}
    stones = [(raw.get("milestone") or {}).get("title") for raw in (before, after)]
    if stones[0] != stones[1]:
        for kind, title in (("DemilestonedEvent", stones[0]), ("MilestonedEvent", stones[1])):
            if title:
                yield {"__typename": kind, "createdAt": _since_start(before, at), "milestoneTitle": title}
    parents = [raw.get("parent_issue_url") for raw in (before, after)]
    if parents[0] != parents[1]:
        for kind, url in (("ParentIssueRemovedEvent", parents[0]), ("ParentIssueAddedEvent", parents[1])):
            if url:
                yield {"__typename": kind, "createdAt": _since_start(before, at), "parent": reference(key_of(url))}


def reference(key: str) -> RawObject:
    """An issue or pull request as GraphQL refers to it."""
    full_name, _, number = key.rpartition("#")
    return {"number": int(number), "repository": {"nameWithOwner": full_name}}


def key_of(address: str) -> str:
    """``owner/name#7`` of an issue's API address."""
    full_name, _, number = address.rpartition("/repos/")[2].partition("/issues/")
    return f"{full_name}#{number}"


def _status_events(before: RawObject, after: RawObject, at: str) -> Iterator[RawObject]:
    merged = (after.get("pull_request") or {}).get("merged_at")
    was, is_ = before["state"], after["state"]
    if is_ == "open" and was == "closed":
        yield {"__typename": "ReopenedEvent", "createdAt": at}
    reasons = [str(raw.get("state_reason") or "") for raw in (before, after)]
    if is_ == "closed" and (was == "open" or reasons[0] != reasons[1]):
        closed = after.get("closed_at") or merged or at
        closed = max(closed, at) if was == "closed" else closed
        if merged:
            yield {"__typename": "MergedEvent", "createdAt": merged}
        is_issue = after.get("pull_request") is None
        reason = (reasons[1] or "completed").upper() if is_issue else None
        yield {"__typename": "ClosedEvent", "createdAt": closed, "stateReason": reason}


def _blank(raw: RawObject) -> RawObject:
    """*raw* as it was when it was opened, as far as it says."""
    return {"state": "open", "created_at": raw["created_at"]}


def _since_start(before: RawObject, at: str) -> str:
    # What an object carries without a timeline of its own, it has carried from its start.
    return at if "updated_at" in before else str(before["created_at"])


def _with_ids(node_id: str, told: Iterable[RawObject]) -> list[RawObject]:
    return [event if "id" in event else event | {"id": f"EV_{node_id}_{place}"} for place, event in enumerate(told)]
