"""What items say of themselves that they are to change."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

WORD = "expect"
"""The body line that states it: ``expect: KR1.1 +2.0 by 2026-12-01 because ...``."""
_LINE = re.compile(
    r"(?P<key_result>\S{1,100})\s+(?P<change>[+\-\u2212]?\d{1,12}(?:[.,]\d{1,6})?)\s*\S{0,12}?\s+by\s+"
    r"(?P<due>\d{4}-\d{2}-\d{2})(?:\s+because\s+(?P<because>.{1,1000}))?\s*",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class StatedExpectation:
    """One such line: *key_result* as it is written there, *change* in the metric's unit."""

    key_result: str
    change: float
    due: date
    because: str


@dataclass(frozen=True, slots=True)
class RecordedExpectation:
    """What an item was seen to expect of *key_result* (a qualified id) at the moment *seen*."""

    source: str
    external_id: str
    key_result: str
    change: float
    due: date
    because: str
    seen: datetime

    def says_the_same(self, other: RecordedExpectation) -> bool:
        """Whether *other* states the same, whenever it was seen."""
        return (self.change, self.due, self.because) == (other.change, other.due, other.because)


def stated(text: str) -> StatedExpectation | None:
    """What *text*, the line behind ``expect:``, states; ``None`` where it is no expectation."""
    found = _LINE.fullmatch(text.strip())
    if found is None:
        return None
    try:
        due = date.fromisoformat(found["due"])
    except ValueError:
        return None
    change = float(found["change"].replace("\u2212", "-").replace(",", "."))
    return StatedExpectation(found["key_result"], change, due, (found["because"] or "").strip())
