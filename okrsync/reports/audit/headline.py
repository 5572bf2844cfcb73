"""The audit in one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from okrsync.model.verdicts import Verdict
from okrsync.reports.audit.effort import EXEMPT, OTHER_CYCLE, UNLINKED, Effort
from okrsync.reports.audit.scope import AuditInputs
from okrsync.reports.audit.work import CheckState, WorkLine
from okrsync.reports.words.verdict_table import VERDICTS

_ELSEWHERE = {EXEMPT, OTHER_CYCLE, UNLINKED}
"""Effort on no key result of the cycle."""


def headline_of(given: AuditInputs, lines: Sequence[WorkLine], effort: Effort) -> str:
    """What matters most: how many deliveries moved something, and how much of the effort served no key result."""
    if not given.inputs.stock.items.total:
        return "Nothing has been read yet."
    if not any(entry.cycle == given.cycle.id for entry in given.inputs.okrs.key_results):
        return f"{given.cycle.id} has no key result."
    if not effort.items:
        return f"Nothing was delivered in {given.cycle.id}{_part(given)}."
    if not given.part.key_result and not any(share.fate not in _ELSEWHERE for share in effort.shares):
        return f"Nothing was delivered on a key result of {given.cycle.id}{_part(given)}; {_unserved(effort, given)}."
    return f"{_judged(lines)}; {_unserved(effort, given)}." if not given.part.key_result else f"{_judged(lines)}."


def _part(given: AuditInputs) -> str:
    if given.part.team:
        return f" by the team {given.part.team}"
    return f" on {given.part.key_result}" if given.part.key_result else ""


def _judged(lines: Sequence[WorkLine]) -> str:
    counts = Counter(line.check.verdict for line in lines if line.state is CheckState.JUDGED)
    judged = counts.total()
    if not judged:
        waiting = sum(line.state is CheckState.OPEN for line in lines)
        return "No delivery is judged yet" + (f", {waiting:,} will be" if waiting else "")
    none = "" if counts[Verdict.MOVED] else "none moved its key result, "
    return f"Of {judged:,} judged {'delivery' if judged == 1 else 'deliveries'} {none}{verdicts_in_words(counts)}"


def verdicts_in_words(counts: Mapping[Verdict, int]) -> str:
    """``3 moved their key result and 5 could not be told from drift``; *counts* of verdicts, not all of them 0."""
    return _listed(
        [f"{count:,} {words.sentence(count)}" for kind, words in VERDICTS.items() if (count := counts.get(kind, 0))]
    )


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _unserved(effort: Effort, given: AuditInputs) -> str:
    """By size where all sizes have one unit and most work has one, else by count."""
    found = effort.of(UNLINKED)
    is_by_size = len(effort.sizes) == 1 and effort.sized * 2 >= effort.items
    share = 0.0
    if found is not None:
        share = next(iter(found.size_shares.values())) if is_by_size else found.share
    of = "the effort" if is_by_size else "the delivered items"
    return f"{share * 100:.0f} % of {of}{_part(given)} served no key result"
