"""What people of the company said and decided: the five ledger files, and expectations inside items."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from okrsync.sandbox.company.calendar import at
from okrsync.sandbox.company.deliveries import DeliveredUnit
from okrsync.sandbox.company.work import CompanyItem, bare

_ROLES: Final = {"growth": "role:pm-growth", "checkout": "role:pm-checkout", "platform": "role:lead-platform"}


@dataclass(frozen=True, slots=True)
class _Belief:
    """A hypothesis about the deliveries of a key result (by position), recorded some days before or after."""

    key_result: str
    positions: tuple[int, ...]
    change: float
    by: str
    because: str
    days: int = -7
    stop_if: str | None = None
    guardrails: tuple[str, ...] = ()


_BELIEFS: Final = (
    _Belief(
        "2026Q3/KR1.1",
        (5,),
        2.0,
        "2026-08-31",
        "people type artists the way they hear the name",
        guardrails=("page_seconds",),
    ),
    _Belief("2026Q3/KR1.2", (0,), 0.8, "2026-09-15", "a receipt is read again before the next weekend"),
    _Belief("2026Q3/KR2.1", (0,), -4.0, "2026-08-31", "most errors come in the first minute, from a cold cache"),
    _Belief(
        "2026Q4/KR1.1",
        (0,),
        4.0,
        "2026-11-15",
        "an empty form frightens; an example invites",
        guardrails=("complaints",),
    ),
    _Belief("2026Q4/KR1.2", (0,), 12.0, "2026-11-15", "clubs trust the words of other clubs"),
    _Belief(
        "2026Q4/KR2.1",
        (0, 1),
        5.0,
        "2026-11-30",
        "the price and the clock are the two surprises of the basket",
        guardrails=("complaints",),
    ),
    _Belief(
        "2026Q4/KR2.2",
        (0,),
        -10.0,
        "2026-11-15",
        "nobody likes to type a card number on a phone",
        stop_if="payments refused rise by more than half a point",
        guardrails=("payment_failures",),
    ),
    _Belief(
        "2026Q4/KR2.3",
        (0,),
        -0.6,
        "2026-11-30",
        "the new acquirer asks the bank a second time by itself",
        stop_if="payments refused pass 4 % for a week",
        guardrails=("complaints",),
    ),
    _Belief("2026Q4/KR3.1", (0,), -40.0, "2026-11-15", "half of the scan time is the handshake"),
    _Belief("2026Q4/KR4.1", (1,), 3.0, "2026-12-31", "a change of the start time is the second most frequent question"),
    _Belief("2026Q4/KR3.1", (1,), -25.0, "2026-11-30", "the second lookup looked slow in the traces", days=9),
    _Belief("2026Q3/KR1.1", (20,), 3.0, "2026-10-15", "we saw the curve rise and think it was this", days=16),
)
"""Two are recorded after the delivery: post hoc."""

_CHECK_INS: Final = (
    ("2026-10-07", 3.8, 0.5, "Nine venues answered; two name the queue at the second entrance."),
    ("2026-10-21", 3.9, 0.5, None),
    ("2026-11-04", 3.9, None, "Same venues as in October."),
    ("2026-11-18", 4.1, 0.6, "The arena says: best evening this season."),
)


def expectations(units: Sequence[DeliveredUnit], open_items: Sequence[CompanyItem]) -> list[CompanyItem]:
    """Write an expectation into the body of two delivered items and three open ones, and return them."""
    delivered = {(unit.key_result.id, unit.planned.day): unit.items[0] for unit in units}
    lines = {
        "2026Q4/KR2.1": "+0.8 by 2027-01-15 because the fee is the last surprise that is left",
        "2026Q4/KR4.1": "+2.0 by 2027-01-31 because half of the questions are about money",
        "2026Q4/KR4.2": "-1.0 by 2027-01-15 because small refunds wait for nothing but a click",
    }
    found = [
        _expect(
            delivered["2026Q4/KR1.1", date(2026, 10, 6)],
            "+4.0 by 2026-11-15 because an example invites more than a form",
        ),
        _expect(delivered["2026Q4/KR2.2", date(2026, 11, 12)], "-2.0 by 2027-01-10 because a saved card is one tap"),
    ]
    for key_result, line in lines.items():
        chosen = next(item for item in open_items if item.key_results == (key_result,) and item.kind == "story")
        found.append(_expect(chosen, line))
    return found


def _expect(item: CompanyItem, line: str) -> CompanyItem:
    item.paragraphs.append(f"expect: {bare(item.key_results[0])} {line}")
    return item


def ledger_files(units: Sequence[DeliveredUnit], items: Mapping[str, CompanyItem]) -> dict[str, str]:
    """Return the text of the ledger files by path; *items* are those that links speak of, by their part in it."""
    by_key_result: dict[str, list[DeliveredUnit]] = {}
    for unit in units:
        by_key_result.setdefault(unit.key_result.id, []).append(unit)
    files = {
        "check_ins": _check_ins(),
        "hypotheses": [_hypothesis(i, belief, by_key_result) for i, belief in enumerate(_BELIEFS, start=1)],
        "decisions": _decisions(by_key_result),
        "evidence": _evidence(by_key_result),
        "links": _links(items),
    }
    return {f"ledger/{kind}.jsonl": _lines(records) for kind, records in files.items()}


def _lines(records: Sequence[dict[str, Any]]) -> str:
    return "".join(json.dumps(record, sort_keys=True, ensure_ascii=False) + "\n" for record in records)


def _record(
    number: str, moment: datetime, by: str, *, later: timedelta = timedelta(minutes=4), **facts: Any
) -> dict[str, Any]:
    """Return a record; a fact of ``None`` is left out."""
    known = {name: value for name, value in facts.items() if value is not None}
    return {"id": number, "at": _text(moment), "recorded_at": _text(moment + later), "by": by, **known}


def _check_ins() -> list[dict[str, Any]]:
    return [
        _record(
            f"ci-{i:03d}",
            at(date.fromisoformat(day), 15),
            _ROLES["platform"],
            key_result="2026Q4/KR3.2",
            value=value,
            confidence=confidence,
            note=note,
        )
        for i, (day, value, confidence, note) in enumerate(_CHECK_INS, start=1)
    ]


def _hypothesis(number: int, belief: _Belief, units: Mapping[str, Sequence[DeliveredUnit]]) -> dict[str, Any]:
    about = [units[belief.key_result][i] for i in belief.positions]
    day = about[0].planned.day + timedelta(days=belief.days)
    return _record(
        f"hy-{number:03d}",
        at(day, 9, 30),
        _ROLES[about[0].key_result.team],
        items=[unit.items[0].key for unit in about],
        key_result=belief.key_result,
        expected={"change": belief.change, "by": belief.by},
        because=belief.because,
        stop_if=belief.stop_if,
        guardrails=list(belief.guardrails) or None,
    )


def _decisions(units: Mapping[str, Sequence[DeliveredUnit]]) -> list[dict[str, Any]]:
    rows: tuple[tuple[str, int, str, str, str, list[str], list[str], str | None], ...] = (
        ("2026Q3/KR1.2", 0, "2026-09-10", "scale", "returns rose and stayed", ["clarity"], ["ev-002"], "comfortable"),
        ("2026Q3/KR2.1", 0, "2026-09-24", "pivot", "errors did not fall; the cause lies deeper", ["trust"], [], None),
        ("2026Q4/KR2.2", 0, "2026-11-09", "persevere", "wallets are used by a third", ["speed"], ["ev-003"], None),
        (
            "2026Q4/KR2.3",
            0,
            "2026-11-16",
            "stop",
            "refusals rose after the switch; small venues go back to the old acquirer",
            ["trust"],
            ["ev-001"],
            "uneasy",
        ),
        (
            "2026Q4/KR1.2",
            0,
            "2026-11-18",
            "persevere",
            "no change yet; the page gets one more try",
            ["clarity"],
            [],
            None,
        ),
    )
    return [
        _record(
            f"de-{i:03d}",
            at(date.fromisoformat(day), 14, 15),
            _ROLES[units[key_result][position].key_result.team],
            about=units[key_result][position].items[0].key,
            choice=choice,
            because=because,
            values=values,
            evidence=evidence,
            alignment=alignment,
        )
        for i, (key_result, position, day, choice, because, values, evidence, alignment) in enumerate(rows, start=1)
    ]


def _evidence(units: Mapping[str, Sequence[DeliveredUnit]]) -> list[dict[str, Any]]:
    rows: tuple[tuple[str, int, str, str, str, int | None, str | None], ...] = (
        ("2026Q4/KR2.3", 0, "2026-11-11", "support", "Callers say that their card works elsewhere.", 31, None),
        (
            "2026Q3/KR1.2",
            0,
            "2026-09-02",
            "usage",
            "One receipt in twelve leads to a click on the next show.",
            4210,
            None,
        ),
        ("2026Q4/KR2.2", 0, "2026-10-30", "usage", "A third of the phone orders use the wallet.", 2875, None),
        (
            "2026Q4/KR1.1",
            0,
            "2026-10-22",
            "interview",
            "Four of six clubs kept the example's text, and changed only the date.",
            6,
            "https://research.ferrywell.example/notes/41",
        ),
        ("2026Q4/KR4.1", 0, "2026-11-05", "survey", "Did this answer help? Yes: 61 %.", 188, None),
        ("2026Q4/KR3.2", 0, "2026-11-19", "interview", "The swap of a broken ticket saved us the walk.", None, None),
    )
    return [
        _record(
            f"ev-{i:03d}",
            at(date.fromisoformat(day), 11),
            "role:research",
            about=units[key_result][position].items[0].key,
            kind=kind,
            text=text,
            n=count,
            url=url,
        )
        for i, (key_result, position, day, kind, text, count, url) in enumerate(rows, start=1)
    ]


def _links(items: Mapping[str, CompanyItem]) -> list[dict[str, Any]]:
    rows = (
        ("link", "linked_late", "2026Q4/KR3.4", "2026-11-12", "part of the move, nobody had written it down"),
        ("link", "linked_open", "2026Q4/KR2.1", "2026-11-17", "the texts are about the fee in the basket"),
        ("unlink", "unlinked", "2026Q4/KR1.1", "2026-11-18", "turned out to be a wish of a single partner"),
    )
    return [
        _record(
            f"li-{i:03d}",
            at(date.fromisoformat(day), 10, 5),
            _ROLES[items[part].team],
            action=action,
            item=items[part].key,
            key_result=key_result,
            reason=reason,
        )
        for i, (action, part, key_result, day, reason) in enumerate(rows, start=1)
    ]


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
