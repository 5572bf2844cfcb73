"""Items by what they are called, or were before they were moved."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from okrsync.model.work import Item
from okrsync.store.item_reader import ITEM_COLUMNS, ItemReader
from okrsync.store.item_writer import chunks
from okrsync.store.records import Scope
from okrsync.store.scoping import is_there
from okrsync.store.tables import item, item_alias, placement


def items_called(
    connection: sa.Connection,
    scopes: Sequence[Scope],
    keys: Collection[str],
    old_keys: Mapping[tuple[str, str], Sequence[str]],
    reader: ItemReader,
) -> list[Item]:
    """The items that are or were called one of *keys*, in any case; *old_keys* by source and item."""
    wanted = {key.casefold() for key in keys}
    were = {place for place, names in old_keys.items() if not wanted.isdisjoint(map(str.casefold, names))}
    # Databases fold ASCII alone, and have no index for it.
    told = sa.select(item.c.id, item.c.source, item.c.external_id, item.c.key).where(is_there(scopes))
    ids = [
        row.id
        for row in connection.execute(told)
        if row.key.casefold() in wanted or (row.source, row.external_id) in were
    ]
    return _read(connection, ids, reader)


def placed_items_called(
    connection: sa.Connection, scopes: Sequence[Scope], keys: Collection[str], reader: ItemReader
) -> list[Item]:
    """The items that are or were called one of *keys*, in any case; as long as the placements hold."""
    return _read(connection, sorted(placed_ids_called(connection, scopes, keys)), reader)


def placed_ids_called(connection: sa.Connection, scopes: Sequence[Scope], keys: Collection[str]) -> set[int]:
    """Row ids of the items that are or were called one of *keys*; as long as the placements hold."""
    by_source: dict[str, set[str]] = {}
    for part in chunks(sorted({key.lower() for key in keys})):
        now = sa.select(placement.c.source, placement.c.external_id).where(placement.c.lower_key.in_(part))
        # Few items were ever called otherwise, and trackers' keys are ASCII, which is all that a database folds.
        folded = sa.func.lower(item_alias.c.key)
        old = sa.select(item_alias.c.source, item_alias.c.external_id).where(folded.in_(part))
        for source, external_id in (*connection.execute(now), *connection.execute(old)):
            by_source.setdefault(source, set()).add(external_id)
    found: set[int] = set()
    for source, ids in by_source.items():
        for few in chunks(sorted(ids)):
            here = sa.and_(item.c.source == source, item.c.external_id.in_(few))
            found.update(connection.execute(sa.select(item.c.id).where(here, is_there(scopes))).scalars())
    return found


def placed_keys_ending(connection: sa.Connection, ending: str) -> list[str]:
    """Return the lower-cased keys of the placed items that end with *ending*; as long as the placements hold."""
    key = placement.c.lower_key
    return list(connection.execute(sa.select(key).where(key.endswith(ending, autoescape=True)).order_by(key)).scalars())


def _read(connection: sa.Connection, ids: Sequence[int], reader: ItemReader) -> list[Item]:
    return [
        reader.item(row)
        for part in chunks(ids)
        for row in connection.execute(sa.select(*ITEM_COLUMNS).where(item.c.id.in_(part)))
    ]
