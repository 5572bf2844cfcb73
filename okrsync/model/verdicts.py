"""What may be said about the effect of delivered work on a key result."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Verdict(StrEnum):
    """The words a report may use; an honest "cannot tell" is one of them."""

    NO_DATA = "no_data"
    OBSERVED_CHANGE_ONLY = "observed_change_only"


@dataclass(frozen=True, slots=True)
class ObservedChange:
    """
    A metric's mean before and after a day, and nothing about cause.

    *before* and *after* are means in the metric's unit, ``None`` where no day was observed; *days_before* and
    *days_after* count observations. *change* is their difference, ``None`` unless both exist.
    """

    delivered: date
    before: float | None
    after: float | None
    days_before: int
    days_after: int
    verdict: Verdict

    @property
    def change(self) -> float | None:
        """After minus before, in the metric's unit; ``None`` unless both were observed."""
        return None if self.before is None or self.after is None else self.after - self.before
