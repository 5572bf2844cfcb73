"""
Finds what is no longer there, by the complete list of a partition's items.

An incremental run cannot tell: what was deleted is never updated again. An item is taken for gone when the tracker says
so, or when two lists in a row do not have it; and never where much vanishes at once, because a lost right looks the
same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from okrsync.errors import ShrinkError
from okrsync.plugins.connector import Fate, HasCensus, Missing, Partition, Resolution
from okrsync.store.database import Store
from okrsync.store.failpoints import failpoint
from okrsync.store.records import PartitionState
from okrsync.store.unit_of_work import UnitOfWork

MOST_VANISHING = 0.05
"""Share of a partition that may vanish at once without a person's word; one single item always may."""
_MOST_ASKED = 100


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What became of the items that a list does not have: *there* after all, *moved*, or *gone* with the reason."""

    there: tuple[str, ...]
    moved: tuple[tuple[Missing, Resolution], ...]
    gone: dict[str, str]


def is_due(state: PartitionState | None, connector: HasCensus, now: datetime) -> bool:
    """Whether the last complete list of a partition is older than the connector wants it to be."""
    if state is None:
        return False
    return state.census is None or now - state.census >= timedelta(days=connector.census_days)


def take_census(
    store: Store,
    source: str,
    connector: HasCensus,
    partition: Partition,
    now: datetime,
    *,
    allow_shrink: bool,
    writing: Lock,
) -> int:
    """
    Compare what the store holds of *partition* with the tracker's complete list; returns how many items are gone.

    Raises:
        ConnectorError: the list could not be read to its end; then nothing is taken for missing.
        ShrinkError: more is missing than may vanish without a person's word; then nothing is changed.
    """
    listed = {id_ for part in connector.census(partition) for id_ in part}
    failpoint("census-read")
    with store.read() as view:
        held = view.missing_from(source, partition.id, listed)
        count = view.present(source, partition.id)
    most = max(1, count * MOST_VANISHING)
    if len(held) > max(most, _MOST_ASKED) and not allow_shrink:
        # Asking after each of them would cost a request each, to learn what is all but certain: a right was lost.
        raise ShrinkError(source, partition.id, len(held), count)
    resolutions = {entry.id: entry for entry in connector.resolve(partition, [missing for missing, _ in held])}
    vanished = _decided(held, resolutions)
    doubtful = [missing for missing, _ in held if _is_doubtful(resolutions.get(missing.id))]
    if len(doubtful) > most and not allow_shrink:
        raise ShrinkError(source, partition.id, len(doubtful), count)

    def save(unit: UnitOfWork) -> int:
        items = unit.items(source)
        # Another partition may have met one of them while they were asked about: then it is there, and is that one's.
        here = items.held_in(partition.id)
        moved = [(missing, resolution) for missing, resolution in vanished.moved if missing.id in here]
        gone = {id_: reason for id_, reason in vanished.gone.items() if id_ in here}
        items.mark_missing(partition.id, listed.union(vanished.there), now)
        failpoint("missing-written")
        for missing, resolution in moved:
            new_id = resolution.new_id or missing.id
            if items.move(missing, new_id, resolution.new_key or missing.key):
                # Until it is met where it is now; where it was met already, it is there.
                items.bury({new_id: f"moved to {resolution.new_key}"}, now)
        failpoint("moved-written")
        items.bury(gone, now)
        failpoint("tombstones-written")
        unit.save_census(source, partition.id, now)
        return len(gone) + len(moved)

    with writing:
        return store.written(save)


def _decided(held: Sequence[tuple[Missing, bool]], resolutions: dict[str, Resolution]) -> Reconciled:
    there: list[str] = []
    moved: list[tuple[Missing, Resolution]] = []
    gone: dict[str, str] = {}
    for missing, missed_before in held:
        resolution = resolutions.get(missing.id)
        fate = Fate.HIDDEN if resolution is None else resolution.fate
        if fate is Fate.EXISTS:
            there.append(missing.id)
        elif fate is Fate.MOVED and resolution is not None:
            moved.append((missing, resolution))
        elif fate is Fate.GONE:
            gone[missing.id] = "deleted"
        elif missed_before:
            gone[missing.id] = "missing in two complete lists"
    return Reconciled(tuple(there), tuple(moved), gone)


def _is_doubtful(resolution: Resolution | None) -> bool:
    """Whether the item may well be there, behind a right that was lost."""
    return resolution is None or resolution.fate in {Fate.HIDDEN, Fate.GONE}
