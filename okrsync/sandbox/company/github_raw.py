"""Work items as raw objects of the GitHub REST API: the entries of an issue list, and milestones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from okrsync.sandbox.company.calendar import NOW, Milestone, at, milestones
from okrsync.sandbox.company.people import github_user
from okrsync.sandbox.company.work import OWNER, CompanyItem, sorted_items
from okrsync.sandbox.tracker_data import GithubData, GithubRepository, RawObject

_REPOSITORIES: Final = ("web", "platform")
_API: Final = "https://api.github.com/repos"
_SITE: Final = "https://github.com"
_REASONS: Final = {"not planned": "not_planned", "duplicate": "duplicate"}
_COLORS: Final = {"bug": "d73a4a", "spike": "a2eeef", "dependencies": "0366d6", "upkeep": "ededed"}


def github_data(items: Sequence[CompanyItem], rng: np.random.Generator) -> GithubData:
    """Return both repositories; issues and pull requests stand in the order of their numbers."""
    return GithubData([_repository(name, items, own) for name, own in zip(_REPOSITORIES, rng.spawn(2), strict=True)])


def _repository(name: str, items: Sequence[CompanyItem], rng: np.random.Generator) -> GithubRepository:
    full_name = f"{OWNER}/{name}"
    stones = milestones(name)
    own = sorted_items([item for item in items if item.home == name])
    parts: dict[int, list[CompanyItem]] = {}
    for item in own:
        if item.parent is not None:
            parts.setdefault(item.parent.number, []).append(item)
    writer = _Writer(full_name, name, stones, own, rng)
    return GithubRepository(
        full_name,
        [writer.entry(item, parts.get(item.number, [])) for item in own],
        {item.number: item.branch for item in own if item.kind == "pull_request"},
        [writer.milestone(stone) for stone in stones],
    )


class _Writer:
    """Writes the objects of one repository."""

    def __init__(
        self,
        full_name: str,
        name: str,
        stones: Sequence[Milestone],
        own: Sequence[CompanyItem],
        rng: np.random.Generator,
    ) -> None:
        self._api = f"{_API}/{full_name}"
        self._site = f"{_SITE}/{full_name}"
        self._first_id = 2_410_000_000 + 1_000_000 * _REPOSITORIES.index(name)
        self._stones = stones
        self._rng = rng
        self._in_stone: dict[int, list[CompanyItem]] = {stone.number: [] for stone in stones}
        for item in own:
            stone = self._stone_of(item)
            if stone is not None:
                self._in_stone[stone.number].append(item)

    def _stone_of(self, item: CompanyItem) -> Milestone | None:
        if item.iteration in {"running", "next"}:
            return self._stones[-2 if item.iteration == "running" else -1]
        if item.iteration == "past" and item.closed is not None:
            day = item.closed.date()
            return next((s for s in self._stones if s.due.replace(day=1) <= day <= s.due), None)
        return None

    def entry(self, item: CompanyItem, parts: Sequence[CompanyItem]) -> RawObject:
        """Return the object of an issue or a pull request."""
        api, number = f"{self._api}/issues/{item.number}", self._first_id + 37 * item.number
        is_pull = item.kind == "pull_request"
        stone = self._stone_of(item)
        closed = _text(item.closed)
        people = [github_user(int(n)) for n in self._rng.integers(0, 8, 2)]
        assigned = people[1:] if self._rng.random() < 0.7 else []
        entry: RawObject = {
            "url": api,
            "repository_url": self._api,
            "labels_url": f"{api}/labels{{/name}}",
            "comments_url": f"{api}/comments",
            "events_url": f"{api}/events",
            "html_url": f"{self._site}/{'pull' if is_pull else 'issues'}/{item.number}",
            "id": number,
            "node_id": f"{'PR' if is_pull else 'I'}_kwFW{number:x}",
            "number": item.number,
            "title": item.full_title,
            "user": people[0],
            "labels": [self._label(name) for name in item.labels],
            "state": "closed" if closed else "open",
            "locked": False,
            "assignee": assigned[0] if assigned else None,
            "assignees": assigned,
            "milestone": self.milestone(stone) if stone else None,
            "comments": int(self._rng.integers(0, 7)),
            "created_at": _text(item.created),
            "updated_at": _text(self._updated(item)),
            "closed_at": closed,
            "author_association": "MEMBER",
            "type": None,
            "active_lock_reason": None,
            "sub_issues_summary": _summary(parts),
            "body": self._body(item),
            "closed_by": people[0] if closed else None,
            "reactions": {"url": f"{api}/reactions", "total_count": 0, **dict.fromkeys(_REACTIONS, 0)},
            "timeline_url": f"{api}/timeline",
            "performed_via_github_app": None,
            "state_reason": _state_reason(item),
        }
        if item.parent is not None:
            entry["parent_issue_url"] = f"{self._api}/issues/{item.parent.number}"
        if is_pull:
            entry["draft"] = item.status == "in_progress" and self._rng.random() < 0.3
            entry["pull_request"] = self._pull(item)
        return entry

    def _pull(self, item: CompanyItem) -> RawObject:
        site = f"{self._site}/pull/{item.number}"
        return {
            "url": f"{self._api}/pulls/{item.number}",
            "html_url": site,
            "diff_url": f"{site}.diff",
            "patch_url": f"{site}.patch",
            "merged_at": _text(item.closed) if item.status == "done" else None,
        }

    def _body(self, item: CompanyItem) -> str | None:
        lines = list(item.paragraphs)
        if item.closes is not None:
            same = item.closes.home == item.home
            # Both ways of writing it are common; the long one also works from another repository.
            short = same and item.number % 3
            lines.append(f"Closes #{item.closes.number}" if short else f"Fixes {item.closes.key}")
        if item.kind == "issue" and not item.key_results and item.number % 17 == 0:
            return None
        return "\r\n\r\n".join(lines)

    def _updated(self, item: CompanyItem) -> datetime:
        latest = item.closed or item.created
        later = latest + timedelta(seconds=int(self._rng.integers(0, 4 * 86400)))
        return min(later, NOW) if later > latest else latest

    def _label(self, name: str) -> RawObject:
        number = 900_000_000 + sum(ord(letter) * (i + 7) for i, letter in enumerate(name))
        color = _COLORS.get(name, "0e8a16")
        return {
            "id": number,
            "node_id": f"LA_kwFW{number:x}",
            "url": f"{self._api}/labels/{name}",
            "name": name,
            "color": color,
            "default": name == "bug",
            "description": None,
        }

    def milestone(self, stone: Milestone) -> RawObject:
        """Return the object of a milestone, as it stands in its list and inside an issue."""
        inside = self._in_stone[stone.number]
        number = self._first_id // 100 + stone.number
        api = f"{self._api}/milestones/{stone.number}"
        return {
            "url": api,
            "html_url": f"{self._site}/milestone/{stone.number}",
            "labels_url": f"{api}/labels",
            "id": number,
            "node_id": f"MI_kwFW{number:x}",
            "number": stone.number,
            "title": stone.title,
            "description": "What goes out in this month.",
            "creator": github_user(stone.number),
            "open_issues": sum(item.closed is None for item in inside),
            "closed_issues": sum(item.closed is not None for item in inside),
            "state": "open" if stone.is_open else "closed",
            "created_at": _text(at(stone.opened, 9)),
            "updated_at": _text(at(stone.opened if stone.is_open else stone.due, 16)),
            "due_on": _text(at(stone.due, 7)),
            "closed_at": None if stone.is_open else _text(at(stone.due, 16)),
        }


_REACTIONS: Final = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")


def _summary(parts: Sequence[CompanyItem]) -> RawObject:
    done = sum(part.closed is not None for part in parts)
    return {"total": len(parts), "completed": done, "percent_completed": 100 * done // len(parts) if parts else 0}


def _state_reason(item: CompanyItem) -> str | None:
    if item.kind == "pull_request" or item.closed is None:
        return None
    return _REASONS[item.drop] if item.drop else "completed"


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
