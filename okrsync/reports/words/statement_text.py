"""Hypotheses, decisions and evidence in words."""

from __future__ import annotations

from collections.abc import Iterator

from okrsync.model.ledger import Decision, EvidenceNote
from okrsync.model.verdicts import HypothesisVerdict
from okrsync.reports.hypotheses import ExpectedItem, HypothesisLine, HypothesisState
from okrsync.reports.words import formatting, verdict_text

_STATES = {
    HypothesisState.PLANNED: "not delivered yet",
    HypothesisState.WAITING: "delivered, not judged yet",
    HypothesisState.JUDGED: "judged",
    HypothesisState.UNTOLD: "nothing can be said",
    HypothesisState.CORRECTED: "corrected",
}


def hypothesis_title(entry: HypothesisLine) -> str:
    """``h1a2 · 2026Q4/KR1.1 +2 pts by 1 Dec 2026 · GRO-84 · confirmed``."""
    keys = ", ".join(formatting.harmless(item.key) for item in entry.items)
    change = f"{verdict_text.with_sign(entry.change)} {verdict_text.unit_of_change(entry.unit)}".strip()
    parts = [
        formatting.harmless(entry.id if entry.origin == "ledger" else "in the item"),
        f"{formatting.harmless(entry.key_result)} {change} by {formatting.day(entry.due)}",
        keys,
        standing(entry),
    ]
    return " · ".join(parts) + (" · overdue" if entry.is_overdue else "")


def standing(entry: HypothesisLine) -> str:
    """Where it stands: its verdict once it has one, else how far it has come."""
    if entry.verdict is HypothesisVerdict.POST_HOC:
        return f"post hoc: {'written after' if entry.is_late else 'nothing shows its link before'} the delivery"
    if entry.state is HypothesisState.JUDGED:
        return entry.verdict.value.replace("_", " ")
    return _STATES[entry.state]


def hypothesis_parts(entry: HypothesisLine) -> Iterator[tuple[str, str]]:
    """What ``hypothesis show`` prints, a heading and its text each."""
    yield "Because", formatting.harmless(entry.because, 2000) or formatting.MISSING
    if entry.stop_if:
        yield "Stop if", formatting.harmless(entry.stop_if, 2000)
    if entry.guardrails:
        yield "Must not get worse", ", ".join(entry.guardrails)
    yield "Items", "; ".join(_item(item) for item in entry.items)
    where = f"in the ledger by {formatting.harmless(entry.by)}" if entry.origin == "ledger" else "read in the item"
    yield "On record", f"since {formatting.day(entry.recorded)}, {where}"
    if entry.replaces:
        yield "Corrects", entry.replaces
    if entry.replaced_by:
        yield "Corrected by", entry.replaced_by
    if entry.evaluation is not None:
        yield "Judged on", formatting.day(entry.evaluation)
    if entry.check is not None:
        yield "Verdict", verdict_text.line(entry.check, entry.unit)


def _item(item: ExpectedItem) -> str:
    key = formatting.harmless(item.key)
    if not item.is_read:
        return f"{key} (never read)"
    when = "not delivered yet" if item.day is None else f"delivered {formatting.day(item.day)}"
    return f"{key} ({when}{'' if item.is_linked else ', does not serve this key result'})"


def decision_line(entry: Decision) -> str:
    """``d1a2 · 2026-11-09 · PAY-97: persevere, because ... (values: speed; evidence: ev-003)``."""
    beside = [
        f"{head}: {text}"
        for head, text in (
            ("values", ", ".join(entry.values)),
            ("evidence", ", ".join(entry.evidence)),
            ("alignment", entry.alignment),
            ("reverses", entry.reverses),
        )
        if text
    ]
    told = f" ({'; '.join(beside)})" if beside else ""
    because = formatting.harmless(entry.because, 500)
    about = formatting.harmless(entry.about)
    return f"{entry.id} · {entry.at:%Y-%m-%d} · {about}: {entry.choice}, because {because}{told}"


def evidence_line(entry: EvidenceNote) -> str:
    """``e1a2 · 2026-11-11 · PAY-104: support, n=31: ...``."""
    size = f", n={entry.n:,}" if entry.n is not None else ""
    link = f" · {formatting.harmless(entry.url)}" if entry.url else ""
    text = formatting.harmless(entry.text, 500)
    return f"{entry.id} · {entry.at:%Y-%m-%d} · {formatting.harmless(entry.about)}: {entry.kind}{size}: {text}{link}"
