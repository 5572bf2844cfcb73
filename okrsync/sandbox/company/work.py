"""Tracker-neutral work items, and the desk that writes them: titles, dates, sizes and links to key results."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal, TypeAlias

import numpy as np

from okrsync.sandbox.company.calendar import FIRST_DAY, NOW, TODAY, random_day, working_day, working_moment
from okrsync.sandbox.company.words import CRITERIA, SUBTASKS, THEMES

Kind: TypeAlias = Literal["epic", "story", "task", "bug", "incident", "spike", "subtask", "issue", "pull_request"]
Status: TypeAlias = Literal["todo", "in_progress", "done", "dropped"]
Drop: TypeAlias = Literal["won't do", "duplicate", "not planned", "unmerged"]
Iteration: TypeAlias = Literal["running", "next", "past"]

JIRA_PROJECTS: Final = ("PAY", "GRO")
OWNER: Final = "ferrywell"
ALIAS_LABEL: Final = "area/checkout"
_POINTS: Final = (1.0, 2.0, 3.0, 5.0, 8.0)
_SIZED: Final[dict[str, float]] = {"story": 0.8, "task": 0.45, "bug": 0.2}


@dataclass(slots=True, eq=False)
class CompanyItem:
    """One issue or pull request of the company, before it takes the shape of a tracker's API."""

    home: str
    """A Jira project key, or the name of a GitHub repository."""
    kind: Kind
    title: str
    team: str
    created: datetime
    status: Status = "todo"
    started: datetime | None = None
    closed: datetime | None = None
    drop: Drop | None = None
    reopened: tuple[datetime, datetime] | None = None
    """First closed, then opened again; *closed* is the last time."""
    paragraphs: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    components: list[str] = field(default_factory=list)
    points: float | None = None
    parent: CompanyItem | None = None
    iteration: Iteration | None = None
    names: CompanyItem | None = None
    """The Jira issue that a pull request names in its title or only in its branch."""
    names_in: Literal["title", "branch"] | None = None
    closes: CompanyItem | None = None
    """The GitHub issue that a pull request closes by a word in its body."""
    key_results: tuple[str, ...] = ()
    via: str = ""
    number: int = 0

    @property
    def in_jira(self) -> bool:
        """Whether it lives in Jira."""
        return self.home in JIRA_PROJECTS

    @property
    def key(self) -> str:
        """``PAY-12`` or ``ferrywell/web#12``, once numbered."""
        return f"{self.home}-{self.number}" if self.in_jira else f"{OWNER}/{self.home}#{self.number}"

    @property
    def full_title(self) -> str:
        """The title as it stands in the tracker, with the key that a pull request names."""
        if self.names is not None and self.names_in == "title":
            return f"{self.names.key}: {self.title}"
        return self.title

    @property
    def branch(self) -> str:
        """The head branch of a pull request."""
        words = re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-").split("-")[:5]
        if self.names is not None and self.names_in == "branch":
            return "-".join([self.names.key.lower(), *words])
        return "/".join([self.team, "-".join(words)])


def bare(key_result: str) -> str:
    """Return ``KR1.1`` of ``2026Q4/KR1.1``: what people write."""
    return key_result.rpartition("/")[2]


class BacklogBuilder:
    """
    Where items are written: it holds all items in the order of writing, and the source of chance.

    Titles are never given twice.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.items: list[CompanyItem] = []
        self.epics: dict[str, CompanyItem] = {}
        """By key result, those whose children inherit it."""
        self._titles: dict[str, list[str]] = {}

    def title(self, theme: str) -> str:
        """Return a new title of a theme."""
        if theme not in self._titles:
            words = THEMES[theme]
            pairs = [f"{action} {place}" for action in words.actions for place in words.places]
            self._titles[theme] = [pairs[i] for i in self.rng.permutation(len(pairs)).tolist()]
        return self._titles[theme].pop()

    def chance(self, share: float) -> bool:
        """Return ``True`` in *share* of the calls."""
        return bool(self.rng.random() < share)

    def add(
        self, home: str, kind: Kind, theme: str, team: str, created: datetime, title: str | None = None
    ) -> CompanyItem:
        """Write one item with a body and perhaps a size; nothing has happened to it yet."""
        item = CompanyItem(home, kind, title or self.title(theme), team, created)
        item.paragraphs.append(self._pick(THEMES[theme].reasons))
        if kind in {"story", "issue"}:
            item.paragraphs.append(self._pick(CRITERIA))
        if item.in_jira and self.chance(_SIZED.get(kind, 0.0)):
            item.points = _POINTS[int(self.rng.integers(0, len(_POINTS)))]
        self.items.append(item)
        return item

    def _pick(self, texts: Sequence[str]) -> str:
        return texts[int(self.rng.integers(0, len(texts)))]

    def created_before(self, day: date, least: int = 4, most: int = 40) -> datetime:
        """Return a moment of a working day *least* to *most* days before *day*, not before the first day."""
        wanted = working_day(day - timedelta(days=int(self.rng.integers(least, most + 1))))
        return working_moment(self.rng, max(wanted, FIRST_DAY)) - timedelta(hours=1)

    def done_item(
        self, home: str, kind: Kind, theme: str, team: str, day: date, title: str | None = None
    ) -> CompanyItem:
        """Write an item that was delivered on *day*, at least ten days after it was written: time for a hypothesis."""
        item = self.add(home, kind, theme, team, self.created_before(day, least=10), title)
        self.finish(item, working_moment(self.rng, day))
        return item

    def finish(self, item: CompanyItem, moment: datetime, drop: Drop | None = None) -> None:
        """Close an item at *moment*: delivered, or dropped for a reason."""
        item.status, item.closed, item.drop = ("dropped" if drop else "done"), moment, drop
        if drop is None:
            item.started = item.created + (moment - item.created) * float(self.rng.uniform(0.3, 0.8))
            item.started = item.started.replace(microsecond=0)
        if not item.in_jira or drop is None:
            item.iteration = "past" if item.in_jira or self.chance(0.6) else None

    def open_item(
        self, home: str, kind: Kind, theme: str, team: str, iteration: Iteration | None, title: str | None = None
    ) -> CompanyItem:
        """Write an item that is still open: planned for the running or the next iteration, or for none."""
        days_ago = (8, 60) if iteration else (5, 300)
        item = self.add(home, kind, theme, team, self.created_before(TODAY, *days_ago), title)
        item.iteration = iteration
        if iteration == "running" and self.chance(0.65):
            self.start(item)
        return item

    def start(self, item: CompanyItem) -> None:
        """Let work on an open item begin within the last days; a GitHub issue has no such state."""
        if item.kind == "issue":
            return
        item.status = "in_progress"
        begun = working_moment(self.rng, random_day(self.rng, date(2026, 11, 11), date(2026, 11, 19)))
        item.started = max(begun, item.created + timedelta(hours=2))

    def pull_request(self, home: str, issue: CompanyItem, names_in: Literal["title", "branch"] | None) -> CompanyItem:
        """
        Write the pull request of an issue: merged where the issue is done, else open.

        It names a Jira issue in *names_in*, and closes a GitHub issue by a word in its body.
        """
        style = ("feat: {}", "{}", "{} (first part)", "feat: {}")[int(self.rng.integers(0, 4))]
        if issue.kind == "bug" or "bug" in issue.labels:
            style = "fix: {}"
        words = _continued(issue.title)
        title = style.format(words if style.startswith("f") else words[0].upper() + words[1:])
        end = issue.closed or NOW
        latest = end - timedelta(hours=20)
        created = max(
            issue.created + timedelta(hours=1), latest - timedelta(hours=float(self.rng.uniform(3, 110)))
        ).replace(microsecond=0)
        pull = CompanyItem(home, "pull_request", title, issue.team, created)
        pull.paragraphs.append("What changed: see the commits. Tested on staging with the data of a small venue.")
        pull.names, pull.names_in = (issue, names_in) if issue.in_jira else (None, None)
        pull.closes = None if issue.in_jira else issue
        pull.key_results, pull.via = issue.key_results, "pull_request" if issue.key_results else ""
        if style.startswith("fix"):
            pull.labels.extend(["bug", "upkeep"])
        if issue.closed is None:
            pull.status = "in_progress"
        else:
            # The site closes the issue a moment after the merge; people close a Jira issue a little later.
            before = timedelta(seconds=2) if pull.closes else timedelta(minutes=int(self.rng.integers(5, 50)))
            self.finish(pull, issue.closed - before)
        self.items.append(pull)
        return pull

    def subtasks(self, parent: CompanyItem, count: int) -> list[CompanyItem]:
        """Write open sub-tasks, or sub-issues, of an open item."""
        found = []
        for name in [SUBTASKS[i] for i in self.rng.permutation(len(SUBTASKS)).tolist()][:count]:
            title = f"{name}: {_continued(parent.title)}"
            kind: Kind = "subtask" if parent.in_jira else "issue"
            created = min(parent.created + timedelta(days=1, hours=2), NOW - timedelta(hours=3))
            item = CompanyItem(parent.home, kind, title, parent.team, created, parent=parent)
            item.key_results, item.via = parent.key_results, "inherit" if parent.key_results else ""
            item.paragraphs.append("Part of the work above.")
            self.items.append(item)
            found.append(item)
        return found

    def link(self, item: CompanyItem, key_results: Sequence[str], via: str) -> CompanyItem:
        """Let an item name its key results in one of the ways that the rules know."""
        item.key_results, item.via = tuple(key_results), via
        first = bare(key_results[0])
        if via == "label":
            item.labels.extend(f"kr/{bare(one)}" for one in key_results)
        elif via == "alias":
            item.labels.append(ALIAS_LABEL)
        elif via == "body":
            item.paragraphs.append("KR: " + ", ".join(bare(one) for one in key_results))
        elif via == "title":
            item.title = f"[{first}] {item.title}"
        elif via == "attribute":
            item.kind = "story"
            item.components.append("Door")
        else:
            item.parent = self.epics[key_results[0]]
            item.created = max(item.created, item.parent.created + timedelta(days=2))
        return item

    def number(self) -> None:
        """Give every item its number in its home, in the order of creation; issues and pull requests share them."""
        counts: dict[str, int] = {}
        for item in sorted(self.items, key=lambda one: one.created):
            counts[item.home] = item.number = counts.get(item.home, 0) + 1


def _continued(title: str) -> str:
    """Return a title without its prefix, as it stands inside a sentence."""
    words = title.partition("] ")[2] or title
    return words if words[:2].isupper() else words[0].lower() + words[1:]


def sorted_items(items: Sequence[CompanyItem]) -> list[CompanyItem]:
    """Return items by home and number."""
    return sorted(items, key=lambda one: (one.home, one.number))


def moment(text: str) -> datetime:
    """Return the UTC moment of an ISO text without a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
