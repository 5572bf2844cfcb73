"""What the planned work is made of: exempt classes against their budgets, values, themes, kinds. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from okrsync.model.okrs import Okrs
from okrsync.model.placements import LinkStatus, Placement
from okrsync.reports.plan.coverage import Coverage, WorkAmount, amount_of, share_of, weight_of


@dataclass(frozen=True, slots=True)
class ExemptPlanned:
    """
    One exempt class: its part of the plan, and its shares (0 to 1) of all planned work, against its *budget*.

    *share* is by the measure of the plan's coverage; ``None`` where nothing is planned. *is_over*: it is beyond the
    budget; ``None`` where there is none.
    """

    id: str
    planned: WorkAmount
    share: float | None
    share_by_count: float | None
    budget: float | None
    is_over: bool | None


@dataclass(frozen=True, slots=True)
class EffortShare:
    """One part of a whole: its share (0 to 1) by the plan's measure, and how many items have a part in it."""

    name: str
    share: float
    items: int


@dataclass(frozen=True, slots=True)
class Balance:
    """
    How the work that serves key results is shared out; each list adds up to 1, empty where there is none.

    An objective of several values counts for each by an equal part; the empty name stands for no value, or no theme.
    *work* is ``discovery`` and ``delivery`` of all planned work, where the configuration tells the one by the other.
    """

    unit: str
    values: tuple[EffortShare, ...]
    themes: tuple[EffortShare, ...]
    kinds: tuple[EffortShare, ...]
    work: tuple[EffortShare, ...]


def exempt_planned(
    work: Sequence[Placement], budgets: Sequence[tuple[str, float | None]], coverage: Coverage
) -> tuple[ExemptPlanned, ...]:
    """A line for each exempt class of the configuration, in its order; empty classes too."""
    return tuple(_class(id_, budget, work, coverage) for id_, budget in budgets)


def _class(id_: str, budget: float | None, work: Sequence[Placement], coverage: Coverage) -> ExemptPlanned:
    planned = amount_of(
        (entry, 1.0) for entry in work if entry.group is LinkStatus.EXEMPT and entry.exempt_class == id_
    )
    share = share_of(planned.of(coverage.measure), coverage.measured.total)
    is_over = None if budget is None or share is None else share > budget
    return ExemptPlanned(id_, planned, share, share_of(planned.items, coverage.items), budget, is_over)


def balance_of(
    work: Sequence[Placement], okrs: Okrs, unit: str, discovery: frozenset[tuple[str, str]] | None
) -> Balance:
    """The balance of *work* by *unit* (empty: by items)."""
    key_results = {entry.qualified_id: entry for entry in okrs.key_results}
    values: list[tuple[str, float, str]] = []
    themes: list[tuple[str, float, str]] = []
    kinds: list[tuple[str, float, str]] = []
    for entry in work:
        for link in entry.counted_links:
            key_result = key_results[link.key_result]
            objective = okrs.objective_of(key_result)
            weight = weight_of(entry, unit) * link.share
            served = [use.id for use in objective.values] or [""]
            values += [(name, weight / len(served), entry.item.key) for name in served]
            themes.append((objective.theme, weight, entry.item.key))
            kinds.append((key_result.kind, weight, entry.item.key))
    return Balance(
        unit,
        _portions(values, [value.id for value in okrs.values]),
        _portions(themes),
        _portions(kinds, ["leading", "lagging"]),
        () if discovery is None else _portions(_by_work(work, unit, discovery), ["discovery", "delivery"]),
    )


def _by_work(
    work: Sequence[Placement], unit: str, discovery: frozenset[tuple[str, str]]
) -> Iterable[tuple[str, float, str]]:
    for entry in work:
        is_discovery = (entry.item.source, entry.item.external_id) in discovery
        yield "discovery" if is_discovery else "delivery", weight_of(entry, unit), entry.item.key


def _portions(entries: Iterable[tuple[str, float, str]], known: Sequence[str] = ()) -> tuple[EffortShare, ...]:
    """Shares by name; the *known* names in their order, also those without work, then the others by theirs."""
    weights: dict[str, float] = dict.fromkeys(known, 0.0)
    held: dict[str, set[str]] = {}
    for name, weight, key in entries:
        weights[name] = weights.get(name, 0.0) + weight
        held.setdefault(name, set()).add(key)
    whole = sum(weights.values())
    if not whole:
        return ()
    return tuple(EffortShare(name, weight / whole, len(held.get(name, ()))) for name, weight in weights.items())
