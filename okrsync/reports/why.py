"""Why an item serves what it serves: item, rule, key result, objective, value."""

from __future__ import annotations

from dataclasses import dataclass

from okrsync.model.okrs import Okrs
from okrsync.model.placements import Placement
from okrsync.model.work import LinkState


@dataclass(frozen=True, slots=True)
class ServedValue:
    """A value at the end of the line, and why the objective serves it."""

    id: str
    statement: str
    because: str


@dataclass(frozen=True, slots=True)
class FollowedLink:
    """One link followed to its end; titles are empty where the link is broken."""

    key_result: str
    key_result_title: str
    state: LinkState
    rule: str
    via: str
    share: float
    reason: str
    objective: str
    objective_title: str
    values: tuple[ServedValue, ...]


@dataclass(frozen=True, slots=True)
class WhyReport:
    """What ``okrsync why`` says of one item."""

    key: str
    title: str
    url: str
    type: str
    status: str
    original_status: str
    group: str
    exempt_class: str
    reason: str
    implements: tuple[str, ...]
    lines: tuple[FollowedLink, ...]


def build_why(placement: Placement, okrs: Okrs) -> WhyReport:
    """Every link of *placement*, followed to the values."""
    item = placement.item
    return WhyReport(
        key=item.key,
        title=item.title,
        url=item.url,
        type=item.type,
        status=item.status.value,
        original_status=item.original_status,
        group=placement.group.value,
        exempt_class=placement.exempt_class,
        reason=placement.reason,
        implements=placement.implements,
        lines=tuple(_lines(placement, okrs)),
    )


def _lines(placement: Placement, okrs: Okrs) -> list[FollowedLink]:
    known = {entry.qualified_id: entry for entry in okrs.key_results}
    values = {value.id: value for value in okrs.values}
    lines = []
    for link in placement.links:
        key_result = known.get(link.key_result)
        objective = okrs.objective_of(key_result) if key_result else None
        served = [
            ServedValue(use.id, values[use.id].statement, use.because)
            for use in (objective.values if objective else ())
        ]
        lines.append(
            FollowedLink(
                key_result=link.key_result,
                key_result_title=key_result.title if key_result else "",
                state=link.state,
                rule=link.rule,
                via=link.via,
                share=link.share,
                reason=link.reason,
                objective=f"{objective.cycle}/{objective.id}" if objective else "",
                objective_title=objective.title if objective else "",
                values=tuple(served),
            )
        )
    return lines
