"""Work, sprints and key results to plan with, in a few words each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from okrsync.linking.conditions import Hierarchy
from okrsync.linking.placement import Placements
from okrsync.model.okrs import Cycle, DatedValue, Direction, KeyResult, Metric, Objective, Okrs, Value, ValueReference
from okrsync.model.placements import LinkStatus, Placement
from okrsync.model.work import Item, ItemKind, Iteration, IterationRecord, Link, LinkState, Size, Status
from okrsync.reports.inputs import JudgedInputs, SourceState

ZONE = ZoneInfo("UTC")
TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
METRIC = Metric("m", "what", "%", "csv", {}, "", "daily")
CYCLE = Cycle("2026Q4", date(2026, 10, 1), date(2026, 12, 31))


def key_result(name: str, **changes: Any) -> KeyResult:
    told: dict[str, Any] = {
        "id": name, "cycle": "2026Q4", "objective": "O1", "title": f"Title of {name}", "state": "active",
        "metric": "m", "direction": Direction.INCREASE, "baseline": DatedValue(40.0, date(2026, 9, 30)),
        "target": DatedValue(50.0, date(2026, 12, 31)), "band": None, "kind": "leading", "level": "outcome",
        "min_effect": 1.0,
    }  # fmt: skip
    return KeyResult(**{**told, **changes})


def okrs(*key_results: KeyResult, values: Sequence[str] = ("trust",)) -> Okrs:
    objective = Objective(
        "O1", "2026Q4", "Objective", theme="growth", values=tuple(ValueReference(value) for value in values),
        key_results=key_results,
    )  # fmt: skip
    return Okrs(
        values=(Value("trust", "We can be relied on"), Value("speed", "We are quick")),
        cycles=(CYCLE,),
        metrics=(METRIC,),
        objectives=(objective,),
    )


def item(key: str, size: float | None = None, **changes: Any) -> Item:
    told: dict[str, Any] = {
        "source": "jira", "external_id": key, "key": key, "url": f"https://t.example/{key}", "kind": ItemKind.ISSUE,
        "type": "Story", "title": f"Title of {key}", "status": Status.TODO, "original_status": "To do",
        "created": datetime(2026, 11, 1, tzinfo=UTC), "updated": datetime(2026, 11, 1, tzinfo=UTC),
        "size": None if size is None else Size(size, changes.pop("unit", "points")), "project": "PAY",
    }  # fmt: skip
    return Item(**{**told, **changes})


def linked(entry: Item, *names: str) -> Placement:
    share = 1 / len(names)
    links = tuple(
        Link("jira", entry.external_id, entry.key, f"2026Q4/{name}", LinkState.OK, "rule 1", "label", share)
        for name in names
    )
    return Placement(entry, LinkStatus.LINKED, links)


def exempt(entry: Item, class_: str = "run") -> Placement:
    return Placement(entry, LinkStatus.EXEMPT, exempt_class=class_)


def unlinked(entry: Item) -> Placement:
    return Placement(entry, LinkStatus.UNLINKED, reason="no rule matches")


def linking(*placements: Placement) -> Placements:
    return Placements(placements, Hierarchy([placement.item for placement in placements]), ())


def inputs(goals: Okrs, *placements: Placement, sources: Sequence[SourceState] = ()) -> JudgedInputs:
    """The placements as everything that a store has; nothing is judged."""
    return JudgedInputs(
        okrs=goals,
        linking=linking(*placements),
        observations={},
        sources=sources,
        budgets=[("run", 0.25)],
        failed_metrics=(),
        zone=ZONE,
        as_of=TODAY,
        outcomes={},
        late_links=frozenset(),
        cases=(),
    )


def sprint(id_: str, name: str, state: str, start: str = "", end: str = "", **changes: Any) -> IterationRecord:
    def moment(day: str) -> datetime | None:
        return datetime.fromisoformat(day).replace(tzinfo=UTC) if day else None

    completed = moment(end) if state == "closed" else None
    told: dict[str, Any] = {"source": "jira", "start": moment(start), "end": moment(end), "completed": completed}
    return IterationRecord(id=id_, name=name, state=state, **{**told, **changes})


def planned_for(*records: IterationRecord) -> tuple[Iteration, ...]:
    return tuple(Iteration(record.id, record.name) for record in records)
