"""Verdicts of the cycle before that came only in this one: nobody could read them in its own audit."""

from __future__ import annotations

from dataclasses import dataclass, replace

from okrsync.model.okrs import Cycle, Okrs
from okrsync.reports.audit.scope import AuditFilter, AuditInputs, served_in
from okrsync.reports.audit.work import CheckState, WorkLine, work_lines


@dataclass(frozen=True, slots=True)
class LateVerdicts:
    """The judged checks of *cycle* whose verdict fell into the audited one; *cycle* is empty for the first."""

    cycle: str
    work: tuple[WorkLine, ...]


def late_verdicts(given: AuditInputs) -> LateVerdicts:
    """What of the cycle that ended last before this one was judged during it."""
    before = cycle_before(given.inputs.okrs, given.cycle)
    if before is None or given.part.key_result:
        return LateVerdicts("", ())
    earlier = replace(given, cycle=before, part=AuditFilter(team=given.part.team))
    return LateVerdicts(
        before.id,
        tuple(
            line
            for line in work_lines(served_in(earlier), earlier)
            if line.state is CheckState.JUDGED and given.cycle.contains(line.final_on)
        ),
    )


def cycle_before(okrs: Okrs, cycle: Cycle) -> Cycle | None:
    """The cycle that ended last before *cycle* began; ``None`` where none did."""
    ended = [entry for entry in okrs.cycles if entry.end < cycle.start]
    return max(ended, key=lambda entry: (entry.end, entry.id), default=None)
