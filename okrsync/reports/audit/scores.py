"""How each key result ended: its score, what was delivered on it, what that did, and why it was missed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from okrsync.model.okrs import DatedValue
from okrsync.model.verdicts import Decomposition, HypothesisVerdict, OutcomeCheck, Verdict
from okrsync.okrs.progress import ZONES, Progress, progress_of
from okrsync.reports.audit.movement import Movement, movement_of
from okrsync.reports.audit.scope import AuditInputs, KeyResultWork, is_judged, is_open, size_of
from okrsync.reports.goal_changes import ToldChange
from okrsync.reports.stoplist import SizeOf

_GOALPOSTS = {"baseline", "target", "band", "direction", "metric"}


class MissCause(StrEnum):
    """Why a key result did not reach its target, as far as its work tells; the first that applies."""

    NOT_MEASURED = "not_measured"
    NO_WORK = "no_work"
    NOT_JUDGED = "not_judged"
    """Work was delivered, and none of it has a verdict."""
    WRONG_WAY = "wrong_way"
    """At least one delivery moved it the wrong way, and none the right way."""
    NOT_ENOUGH = "not_enough"
    """At least one delivery moved it."""
    NO_MOVEMENT = "no_movement"
    """What was judged did not move it by as much as matters."""
    CANNOT_TELL = "cannot_tell"
    """What was judged could not be told from drift."""


@dataclass(frozen=True, slots=True)
class KeyResultScore:
    """
    One key result at the end of the cycle, or as far as it has come.

    *final* and *progress* hold up to the cycle's last day; a score is given once it is over. *checks* by verdict;
    *groups*: those of several items. *decomposition*, with intervals, is ``None`` where the statistics have none;
    *movement* is the plain difference of means. *cause*: ``None`` where it was not missed, or the cycle runs.
    """

    id: str
    objective: str
    objective_title: str
    title: str
    kind: str
    level: str
    state: str
    unit: str
    baseline: DatedValue | None
    target: DatedValue | None
    band: tuple[float, float] | None
    progress: Progress
    stale_days: int | None
    target_changes: int
    delivered: SizeOf
    checks: Mapping[str, int]
    hypotheses: Mapping[str, int]
    judged: int
    open: int
    groups: int
    decomposition: Decomposition | None
    movement: Movement
    cause: MissCause | None


def score_of(served: KeyResultWork, given: AuditInputs, changes: Sequence[ToldChange]) -> KeyResultScore:
    """How the key result of *served* ended; *changes*: those of the goals."""
    entry = served.key_result
    made = progress_of(entry, given.cycle, given.inputs.observations.get(entry.metric, ()), given.inputs.as_of)
    judged = [check for check in served.checks if is_judged(check, given.inputs.as_of)]
    return KeyResultScore(
        id=entry.qualified_id,
        objective=served.objective.id,
        objective_title=served.objective.title,
        title=entry.title,
        kind=entry.kind,
        level=entry.level,
        state=entry.state,
        unit=served.unit,
        baseline=entry.baseline,
        target=entry.target,
        band=entry.band,
        progress=made,
        stale_days=_stale_days(served, made, given),
        target_changes=sum(change.name == entry.qualified_id and change.field in _GOALPOSTS for change in changes),
        delivered=size_of(served.delivered),
        checks=_counted(check.verdict.value for check in served.checks),
        hypotheses=_counted(
            check.hypothesis.value for check in judged if check.hypothesis is not HypothesisVerdict.NOT_STATED
        ),
        judged=len(judged),
        open=sum(map(is_open, served.checks)),
        groups=sum(not check.is_sole for check in served.checks),
        decomposition=None if served.outcome is None else served.outcome.decomposition,
        movement=movement_of(entry, served.metric, given),
        cause=_cause(served, made, judged) if given.inputs.as_of > given.cycle.end else None,
    )


def _stale_days(served: KeyResultWork, made: Progress, given: AuditInputs) -> int | None:
    """How old the latest value was on the last day, where that is more than the metric may be."""
    if served.metric is None or served.metric.most_days is None or made.current is None:
        return None
    age = (given.last_day - made.current.date).days
    return age if age > served.metric.most_days else None


def _cause(served: KeyResultWork, made: Progress, judged: Sequence[OutcomeCheck]) -> MissCause | None:
    if made.current is None or made.share is None:
        return MissCause.NOT_MEASURED
    if made.score is None or made.score >= ZONES[0][0]:
        return None
    kinds = {check.verdict for check in judged}
    found = (
        (not served.delivered, MissCause.NO_WORK),
        (not judged, MissCause.NOT_JUDGED),
        (any(kind.is_win for kind in kinds), MissCause.NOT_ENOUGH),
        (Verdict.MOVED_WRONG_WAY in kinds, MissCause.WRONG_WAY),
        (Verdict.INCONCLUSIVE not in kinds, MissCause.NO_MOVEMENT),
    )
    return next((cause for applies, cause in found if applies), MissCause.CANNOT_TELL)


def _counted(names: Iterable[str]) -> Mapping[str, int]:
    return dict(sorted(Counter(names).items()))
