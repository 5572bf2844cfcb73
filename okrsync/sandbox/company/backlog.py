"""Everything beside the planned deliveries: open work, repairs, questions, dropped work, and work without a goal."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from okrsync.sandbox.company.calendar import FIRST_DAY, NOW, TODAY, random_day, working_moment
from okrsync.sandbox.company.plan import KEY_RESULTS
from okrsync.sandbox.company.work import BacklogBuilder, CompanyItem, Drop, Iteration, Kind

QUOTAS: Final = {"PAY": 186, "GRO": 148, "web": 137, "platform": 129}
"""Items by home: 600 in all."""

_THEMES: Final = {one.id: (one.theme, one.team) for one in KEY_RESULTS}
_TEAMS: Final = {"PAY": "checkout", "GRO": "growth", "web": "growth", "platform": "platform"}

# Key result, home, way of linking, then how many are planned for the running iteration, the next one, and none.
# KR1.2 has no open work at all: it is behind, and the plan should say so.
_OPEN: Final = (
    ("2026Q4/KR1.1", "GRO", "inherit", 3, 2, 7),
    ("2026Q4/KR1.1", "GRO", "label", 1, 1, 5),
    ("2026Q4/KR1.1", "web", "label", 1, 1, 2),
    ("2026Q4/KR2.1", "PAY", "alias", 1, 1, 3),
    ("2026Q4/KR2.1", "PAY", "label", 3, 1, 8),
    ("2026Q4/KR2.1", "web", "label", 2, 1, 1),
    ("2026Q4/KR2.2", "PAY", "epic", 3, 2, 11),
    ("2026Q4/KR2.3", "PAY", "inherit", 1, 0, 5),
    ("2026Q4/KR2.3", "platform", "label", 0, 0, 2),
    ("2026Q4/KR3.1", "platform", "label", 2, 2, 3),
    ("2026Q4/KR3.1", "platform", "body", 1, 0, 2),
    ("2026Q4/KR3.2", "PAY", "attribute", 2, 2, 4),
    ("2026Q4/KR3.2", "platform", "label", 1, 1, 2),
    ("2026Q4/KR3.3", "platform", "label", 2, 2, 3),
    ("2026Q4/KR3.4", "platform", "title", 2, 2, 2),
    ("2026Q4/KR3.4", "web", "label", 2, 1, 1),
    ("2026Q4/KR4.1", "GRO", "inherit", 3, 2, 8),
    ("2026Q4/KR4.1", "GRO", "title", 0, 1, 3),
    ("2026Q4/KR4.1", "web", "body", 1, 0, 1),
    ("2026Q4/KR4.2", "PAY", "inherit", 2, 2, 10),
)
_SPLIT: Final[tuple[tuple[str, tuple[str, str], tuple[Iteration | None, ...]], ...]] = (
    ("GRO", ("2026Q4/KR1.1", "2026Q4/KR4.1"), ("running", None, None)),
    ("PAY", ("2026Q4/KR2.1", "2026Q4/KR2.2"), ("next", None, None)),
)
# Home, theme, kind, delivered, open in the running iteration, open in the next, open in none.
_REPAIRS: Final[tuple[tuple[str, str, Kind, int, int, int, int], ...]] = (
    ("PAY", "bug", "bug", 20, 2, 2, 3),
    ("GRO", "bug", "bug", 14, 1, 1, 2),
    ("PAY", "incident", "incident", 7, 1, 0, 0),
    ("GRO", "incident", "incident", 2, 0, 0, 0),
    ("PAY", "spike", "spike", 4, 1, 1, 1),
    ("GRO", "spike", "spike", 3, 1, 0, 1),
    ("web", "bug", "issue", 9, 1, 1, 2),
    ("platform", "bug", "issue", 6, 1, 0, 1),
    ("platform", "spike", "issue", 2, 0, 1, 0),
    ("web", "bump", "pull_request", 3, 0, 0, 0),
    ("platform", "bump", "pull_request", 2, 0, 0, 0),
)
# Home, kind, reason, how many, and the key result that some of them name.
_DROPPED: Final[tuple[tuple[str, Kind, Drop, int, str], ...]] = (
    ("PAY", "story", "won't do", 5, "2026Q4/KR2.3"),
    ("PAY", "task", "won't do", 3, "2026Q4/KR2.1"),
    ("PAY", "bug", "duplicate", 4, ""),
    ("GRO", "story", "won't do", 4, "2026Q4/KR4.1"),
    ("GRO", "story", "won't do", 3, "2026Q4/KR1.1"),
    ("GRO", "task", "duplicate", 2, "2026Q4/KR4.1"),
    ("web", "issue", "not planned", 4, ""),
    ("web", "issue", "duplicate", 2, "2026Q4/KR2.1"),
    ("web", "pull_request", "unmerged", 6, "2026Q4/KR2.1"),
    ("platform", "issue", "not planned", 3, "2026Q4/KR3.4"),
    ("platform", "issue", "duplicate", 1, ""),
    ("platform", "pull_request", "unmerged", 4, "2026Q4/KR3.4"),
)
# Work that names no key result and is not exempt, open in the running iteration, the next, none; the rest is delivered.
_UNLINKED_OPEN: Final = (
    ("PAY", 3, 2, 4),
    ("GRO", 2, 2, 3),
    ("web", 2, 1, 4),
    ("platform", 1, 1, 3),
)


def write_backlog(desk: BacklogBuilder) -> None:
    """Write all of it, up to the quota of each home."""
    _open_work(desk)
    _repairs(desk)
    _dropped(desk)
    for home, running, following, later in _UNLINKED_OPEN:
        for iteration in _spread(running, following, later):
            _unlinked(desk, desk.open_item(home, _kind(desk, home), "misc", _TEAMS[home], iteration))
    for home in QUOTAS:
        _fill(desk, home)


def _spread(running: int, following: int, later: int) -> list[Iteration | None]:
    counts: tuple[tuple[Iteration | None, int], ...] = (("running", running), ("next", following), (None, later))
    return [iteration for iteration, count in counts for _ in range(count)]


def _kind(desk: BacklogBuilder, home: str) -> Kind:
    if home in {"web", "platform"}:
        return "issue"
    return "story" if desk.chance(0.6) else "task"


def _open_work(desk: BacklogBuilder) -> None:
    for key_result, home, via, running, following, later in _OPEN:
        theme, team = _THEMES[key_result]
        for i, iteration in enumerate(_spread(running, following, later)):
            item = desk.open_item(home, _kind(desk, home), theme, team, iteration)
            desk.link(item, [key_result], via)
            _around(desk, item, i)
    for home, key_results, iterations in _SPLIT:
        theme, team = _THEMES[key_results[0]]
        for when in iterations:
            desk.link(desk.open_item(home, "story", theme, team, when), key_results, "body")


def _around(desk: BacklogBuilder, item: CompanyItem, position: int) -> None:
    """Give the first open items of a kind a pull request or parts."""
    if item.iteration == "running" and position == 0:
        if item.in_jira:
            desk.start(item)
        home = item.home if not item.in_jira else "web"
        desk.pull_request(home, item, "branch" if desk.chance(0.4) else "title")
    elif item.iteration == "running" and position == 1 and item.home != "web":
        for part in desk.subtasks(item, 3):
            part.iteration = "running"


def _repairs(desk: BacklogBuilder) -> None:
    for home, theme, kind, done, running, following, later in _REPAIRS:
        for i in range(done):
            day = random_day(desk.rng, FIRST_DAY + timedelta(days=30), TODAY - timedelta(days=1))
            item = desk.done_item(home, kind, theme, _TEAMS[home], day)
            _mark(item, theme)
            if theme == "bug" and i % 2 == 0:
                desk.pull_request("web" if item.in_jira else home, item, "title" if desk.chance(0.7) else "branch")
        for iteration in _spread(running, following, later):
            _mark(desk.open_item(home, kind, theme, _TEAMS[home], iteration), theme)


def _mark(item: CompanyItem, theme: str) -> None:
    """Set the labels by which an exempt class is told."""
    if theme == "spike":
        item.labels.append("spike")
    elif not item.in_jira:
        item.labels.extend(["bug", "upkeep"] if theme == "bug" else ["dependencies", "upkeep"])
    elif theme == "bug":
        item.labels.append("support")


def _dropped(desk: BacklogBuilder) -> None:
    for home, kind, reason, count, key_result in _DROPPED:
        for _ in range(count):
            day = random_day(desk.rng, date(2026, 10, 5) if key_result else date(2025, 12, 1), date(2026, 11, 18))
            theme = "bug" if kind == "bug" else _THEMES[key_result][0] if key_result else "misc"
            item = desk.add(home, kind, theme, _TEAMS[home], desk.created_before(day, 10, 60))
            if key_result:
                desk.link(item, [key_result], "label")
            desk.finish(item, working_moment(desk.rng, day), reason)


def _unlinked(desk: BacklogBuilder, item: CompanyItem) -> None:
    """Put about half of a project's unlinked items under an epic that serves no key result."""
    if not item.in_jira or not desk.chance(0.5):
        return
    end = item.closed or NOW
    fitting = [
        epic
        for epic in desk.items
        if epic.kind == "epic" and epic.home == item.home and not epic.key_results and epic.status != "dropped"
        if epic.created < item.created and (epic.closed or NOW) >= end
    ]
    if fitting:
        item.parent = fitting[int(desk.rng.integers(0, len(fitting)))]


def _fill(desk: BacklogBuilder, home: str) -> None:
    """Write delivered work without a goal until the home holds its quota; most of it is older than the first cycle."""
    missing = QUOTAS[home] - sum(item.home == home for item in desk.items)
    while missing > 0:
        recent = desk.chance(0.3)
        first, last = (date(2026, 7, 1), date(2026, 11, 18)) if recent else (date(2025, 9, 22), date(2026, 6, 29))
        item = desk.done_item(home, _kind(desk, home), "misc", _TEAMS[home], random_day(desk.rng, first, last))
        _unlinked(desk, item)
        missing -= 1
        if home in {"web", "platform"} and missing > 0 and desk.chance(0.5):
            desk.pull_request(home, item, None)
            missing -= 1


def write_special(desk: BacklogBuilder) -> dict[str, CompanyItem]:
    """
    Write the items that test the rules' edges, by the name of the edge.

    ``linked_late``, ``linked_open`` and ``unlinked`` are those that ``ledger/links.jsonl`` speaks of.
    """
    found = {
        "broken": desk.open_item("GRO", "story", "activation", "growth", "next"),
        "stale": desk.open_item("web", "issue", "returning", "growth", None),
        "ambiguous": desk.open_item("PAY", "story", "scan", "platform", "running"),
        "linked_bug": desk.open_item("PAY", "bug", "bug", "checkout", "running"),
        "reopened": desk.done_item("PAY", "task", "pipeline", "checkout", date(2026, 10, 22)),
        "linked_late": desk.done_item("platform", "issue", "misc", "platform", date(2026, 10, 28)),
        "linked_open": desk.open_item("PAY", "story", "misc", "checkout", "next"),
        "unlinked": desk.open_item("GRO", "story", "activation", "growth", "next"),
    }
    found["broken"].labels.append("kr/KR9")
    found["broken"].via = "broken"
    found["stale"].paragraphs.append("KR: 2026Q3/KR1.2")
    found["stale"].key_results, found["stale"].via = ("2026Q3/KR1.2",), "body"
    found["ambiguous"].components.extend(["Door", "Scanner"])
    found["ambiguous"].via = "ambiguous"
    desk.link(found["linked_bug"], ["2026Q4/KR2.3"], "label")
    found["unlinked"].labels.append("kr/KR1.1")
    found["unlinked"].via = "unlinked"
    found["linked_late"].key_results, found["linked_late"].via = ("2026Q4/KR3.4",), "ledger"
    found["linked_open"].key_results, found["linked_open"].via = ("2026Q4/KR2.1",), "ledger"
    _reopen(desk, found["reopened"])
    return found


def _reopen(desk: BacklogBuilder, item: CompanyItem) -> None:
    """Let an item of the output key result be done, found wanting, and done again."""
    desk.link(item, ["2026Q4/KR3.4"], "label")
    final = item.closed or item.created
    item.started = min(item.started or final, final - timedelta(days=8))
    item.created = min(item.created, item.started - timedelta(days=2))
    item.reopened = (final - timedelta(days=6), final - timedelta(days=3, hours=2))
