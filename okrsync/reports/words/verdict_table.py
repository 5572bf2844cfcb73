"""How each verdict is shown and said: one row for sign, colour, word and sentence. A new verdict word is added here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from okrsync.model.verdicts import Verdict
from okrsync.reports.page import Tone


@dataclass(frozen=True, slots=True)
class VerdictText:
    """
    How one verdict is shown and said.

    Attributes:
        word: the verdict as people say it.
        one: the rest of a sentence that begins with one delivery or check; empty if nothing was judged.
        many: the same for several.
        mark: a sign before it, so that a colour is never the only sign; empty if nothing was judged.
        tone: its colour.
    """

    word: str
    one: str = ""
    many: str = ""
    mark: str = ""
    tone: Tone = Tone.PLAIN

    def sentence(self, count: int) -> str:
        """Return the rest of a sentence about *count* deliveries or checks."""
        return self.one if count == 1 else self.many


VERDICTS: Mapping[Verdict, VerdictText] = MappingProxyType(
    {
        Verdict.MOVED: VerdictText("moved", "moved its key result", "moved their key results", "▲", Tone.GOOD),
        Verdict.HELD: VerdictText("held", "kept it in its band", "kept them in their bands", "■", Tone.GOOD),
        Verdict.MOVED_WRONG_WAY: VerdictText(
            "moved the wrong way", "moved it the wrong way", "moved them the wrong way", "▼", Tone.BAD
        ),
        Verdict.NO_MEANINGFUL_MOVEMENT: VerdictText(
            "no meaningful movement",
            "did not move it by as much as matters",
            "did not move them by as much as matters",
            "◆",
        ),
        Verdict.INCONCLUSIVE: VerdictText(
            "inconclusive", "could not be told from drift", "could not be told from drift", "○", Tone.UNSURE
        ),
        Verdict.OBSERVED_CHANGE_ONLY: VerdictText("observed change only"),
        Verdict.TOO_EARLY: VerdictText("too early"),
        Verdict.WITHHELD: VerdictText("withheld"),
        Verdict.NO_DATA: VerdictText("no data"),
    }
)
"""Each verdict; what says most comes first, which is the order in which reports count them."""
