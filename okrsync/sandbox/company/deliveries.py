"""The planned deliveries as items: each unit of work of the planted truth, its pull request, and the epics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from okrsync.sandbox.company.plan import KEY_RESULTS, GoalPlan, PlannedDelivery
from okrsync.sandbox.company.words import EPIC_NOTES
from okrsync.sandbox.company.work import BacklogBuilder, CompanyItem, Kind, Status, moment


@dataclass(frozen=True, slots=True)
class DeliveredUnit:
    """One delivered unit: an issue and its pull request, or one of them alone."""

    key_result: GoalPlan
    planned: PlannedDelivery
    items: tuple[CompanyItem, ...]


@dataclass(frozen=True, slots=True)
class _Epic:
    home: str
    title: str
    team: str
    created: str
    status: Status
    closed: str = ""
    key_result: str = ""
    via: str = ""


# An epic of a past cycle is done, and names it with the qualified id; one without a key result collects the rest.
_EPICS: Final = (
    _Epic("GRO", "Search that finds the show", "growth", "2026-05-11", "done", "2026-09-28", "2026Q3/KR1.1", "label"),
    _Epic("GRO", "The first event in ten minutes", "growth", "2026-07-15", "in_progress", "", "2026Q4/KR1.1", "label"),
    _Epic(
        "GRO", "[KR4.1] Answers where the question is asked", "growth", "2026-07-17", "in_progress", "", "2026Q4/KR4.1"
    ),
    _Epic("PAY", "Pay on a phone in under a minute", "checkout", "2026-07-14", "in_progress", "", "2026Q4/KR2.2"),
    _Epic("PAY", "Fewer refused payments", "checkout", "2026-07-21", "in_progress", "", "2026Q4/KR2.3", "label"),
    _Epic("PAY", "Refunds without a phone call", "checkout", "2026-07-22", "in_progress", "", "2026Q4/KR4.2", "body"),
    _Epic("PAY", "Payout statements people understand", "checkout", "2025-08-27", "in_progress"),
    _Epic("GRO", "A newsletter editor for organisers", "growth", "2025-08-26", "in_progress"),
    _Epic("PAY", "Renewal of the card certificate", "checkout", "2025-09-08", "done", "2026-03-20"),
    _Epic("PAY", "Seat-map editor for standing areas", "checkout", "2025-10-06", "done", "2026-05-29"),
    _Epic("PAY", "Gift cards for the season", "checkout", "2025-09-22", "done", "2025-12-11"),
    _Epic("GRO", "New colours and letters", "growth", "2025-10-20", "done", "2026-04-24"),
    _Epic("GRO", "French shop window", "growth", "2026-01-19", "dropped", "2026-06-12"),
    _Epic("GRO", "Resale between guests", "growth", "2026-09-14", "todo"),
)
PARENT_KEY_EPIC: Final = "2026Q4/KR2.2"
"""The key result whose epic a rule names by its key."""


def write_epics(desk: BacklogBuilder) -> None:
    """Write the epics, and keep those that carry a key result for their children."""
    for i, plan in enumerate(_EPICS):
        epic = CompanyItem(plan.home, "epic", plan.title, plan.team, moment(f"{plan.created}T08:12:00"), plan.status)
        epic.paragraphs.append(EPIC_NOTES[i % len(EPIC_NOTES)])
        if plan.status in {"in_progress", "done"}:
            epic.started = epic.created + timedelta(days=9)
        if plan.closed:
            epic.closed = moment(f"{plan.closed}T12:40:00")
            epic.drop = "won't do" if plan.status == "dropped" else None
        _link_epic(desk, epic, plan)
        desk.items.append(epic)


def _link_epic(desk: BacklogBuilder, epic: CompanyItem, plan: _Epic) -> None:
    if plan.key_result:
        epic.key_results, epic.via = (plan.key_result,), plan.via or "title"
        if plan.key_result == PARENT_KEY_EPIC:
            epic.via = "epic"
        if plan.via == "label":
            named = plan.key_result if plan.status == "done" else plan.key_result.partition("/")[2]
            epic.labels.append(f"kr/{named}")
        elif plan.via == "body":
            epic.paragraphs.append(f"KR: {plan.key_result.partition('/')[2]}")
        desk.epics[plan.key_result] = epic


def write_units(desk: BacklogBuilder) -> list[DeliveredUnit]:
    """Write the items of every planned delivery, in the order of the plan."""
    return [
        DeliveredUnit(key_result, planned, _unit(desk, key_result, planned))
        for key_result in KEY_RESULTS
        for planned in key_result.deliveries
    ]


def _unit(desk: BacklogBuilder, key_result: GoalPlan, planned: PlannedDelivery) -> tuple[CompanyItem, ...]:
    kind: Kind = "issue"
    if planned.shape == "pull":
        kind = "pull_request"
    elif planned.home in {"GRO", "PAY"}:
        kind = "story" if planned.via in {"attribute", "alias"} or desk.chance(0.6) else "task"
    item = desk.done_item(planned.home, kind, key_result.theme, key_result.team, planned.day, planned.title)
    desk.link(item, [key_result.id], planned.via)
    if planned.shape == "closes":
        return item, desk.pull_request(planned.home, item, None)
    if planned.shape in {"title", "branch"}:
        home = "platform" if key_result.theme == "cards" else "web"
        return item, desk.pull_request(home, item, "title" if planned.shape == "title" else "branch")
    return (item,)
