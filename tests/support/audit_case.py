"""A small cycle to audit: two key results of one objective, hand-made work, and the verdicts that a test wants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from linking.builders import BERLIN, BY_LABEL, RUN, done, place, settings
from okrsync.model.ledger import Decision, Ledger, Observation
from okrsync.model.okrs import Cycle, DatedValue, Direction, KeyResult, Metric, Objective, Okrs
from okrsync.model.verdicts import CheckKind, Estimate, HypothesisVerdict, KeyResultOutcome, OutcomeCheck, Verdict
from okrsync.model.work import Item, Size
from okrsync.reports.audit import AuditReport, build_audit
from okrsync.reports.audit.scope import AuditFilter, AuditInputs
from okrsync.reports.hypotheses import HypothesesReport
from okrsync.reports.inputs import JudgedInputs, SourceState
from okrsync.reports.stoplist import StopRules

CYCLE = Cycle("2026Q4", date(2026, 10, 1), date(2026, 12, 31))
BEFORE = Cycle("2026Q3", date(2026, 7, 1), date(2026, 9, 30))
OVER = date(2027, 3, 1)
"""The cycle is over, and everything in it can be judged."""
FIRST, SECOND = "2026Q4/KR1.1", "2026Q4/KR1.2"


def on(month: int, day: int, year: int = 2026) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


USUAL = on(10, 20)
ALL = AuditFilter()


def metric(id_: str, **declared: Any) -> Metric:
    return Metric(id_, id_, "%", "csv", {}, "", "daily", **declared)


def key_result(name: str, kind: str = "lagging", cycle: str = "2026Q4", **declared: Any) -> KeyResult:
    usual: dict[str, Any] = {
        "state": "active",
        "metric": f"metric {name}",
        "direction": Direction.INCREASE,
        "baseline": DatedValue(10.0, date(2026, 9, 30)),
        "target": DatedValue(20.0, date(2026, 12, 31)),
        "band": None,
        "level": "outcome",
    }
    return KeyResult(name, cycle, "O1", f"Title of {name}", kind=kind, **{**usual, **declared})


def okrs(*key_results: KeyResult) -> Okrs:
    chosen = key_results or (key_result("KR1.1", "leading"), key_result("KR1.2"))
    cycles = sorted({entry.cycle for entry in chosen})
    return Okrs(
        cycles=(BEFORE, CYCLE),
        metrics=tuple(metric(name) for name in sorted({entry.metric for entry in chosen if entry.metric})),
        objectives=tuple(
            Objective("O1", cycle, "Wanted", key_results=tuple(entry for entry in chosen if entry.cycle == cycle))
            for cycle in cycles
        ),
    )


def work(key: str, *key_results: str, at: datetime = USUAL, points: float | None = None, **rest: Any) -> Item:
    """A delivered story that serves *key_results* in equal parts."""
    made = done(key, on=at, labels=[f"kr/{name}" for name in key_results], **rest)
    return made if points is None else replace(made, size=Size(points, "points"))


def check(*members: str, verdict: Verdict = Verdict.MOVED, effect: float = 2.0, **told: Any) -> OutcomeCheck:
    """A judged check of deliveries of 20 October."""
    usual: dict[str, Any] = {
        "first": date(2026, 10, 20),
        "last": date(2026, 10, 20),
        "evaluation": date(2026, 11, 17),
        "estimate": Estimate(effect, effect - 1, effect + 1, 0.5, 0.001, 1.5),
    }
    return OutcomeCheck(CheckKind.WAVE, tuple(members), verdict=verdict, **{**usual, **told})


def expected(value: float, became: HypothesisVerdict = HypothesisVerdict.CONFIRMED) -> dict[str, Any]:
    return {"expected": value, "hypothesis": became}


def decision(id_: str, about: str, choice: str, at: datetime, **told: Any) -> Decision:
    usual: dict[str, Any] = {"because": "so", "values": (), "evidence": (), "alignment": "", "reverses": ""}
    return Decision(id_, at, at, "role:pm", "", about=about, choice=choice, **{**usual, **told})


def daily(name: str, values: Sequence[float], last: date = date(2026, 12, 31)) -> list[Observation]:
    """*values* of consecutive days, the last of them on *last*."""
    days = [last - timedelta(days=len(values) - 1 - number) for number in range(len(values))]
    return [Observation(name, day, value, on(1, 1), "test") for day, value in zip(days, values, strict=True)]


def audit(
    items: Sequence[Item] = (),
    checks: Mapping[str, Sequence[OutcomeCheck]] | None = None,
    *,
    goals: Okrs | None = None,
    observations: Mapping[str, Sequence[Observation]] | None = None,
    decisions: Sequence[Decision] = (),
    part: AuditFilter = ALL,
    as_of: date = OVER,
) -> AuditReport:
    """The audit of the cycle with these items and verdicts."""
    wanted = goals or okrs()
    rules = settings(BY_LABEL, exempt=[RUN])
    inputs = JudgedInputs(
        okrs=wanted,
        linking=place(items, rules, okrs=wanted, today=as_of),
        observations=observations or {},
        sources=[SourceState("product", "ok", 0)],
        budgets=[],
        failed_metrics=[],
        zone=BERLIN,
        as_of=as_of,
        outcomes={name: KeyResultOutcome(as_of, tuple(found)) for name, found in (checks or {}).items()},
        late_links=frozenset(),
        cases=(),
    )
    ledger = Ledger(decisions=tuple(decisions))
    stated = HypothesesReport(as_of, (), (), ())
    return build_audit(AuditInputs(inputs, ledger, stated, [], StopRules(), CYCLE, part))
