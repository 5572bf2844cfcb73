"""Where each item stood at the last sync: written whole, read by what a report is about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from okrsync.model.placements import LinkStatus, Placement, UnlinkedCause
from okrsync.model.work import Item, ItemKind, Link, LinkState, Status
from okrsync.store import codec
from okrsync.store.item_lookup import placed_ids_called
from okrsync.store.item_reader import ITEM_COLUMNS, ItemReader
from okrsync.store.item_writer import chunks
from okrsync.store.records import ItemFilter, PlacementCacheEntry, Scope
from okrsync.store.scoping import IS_OPEN, is_there
from okrsync.store.tables import expectation, item, link, placement, placing

_TOLD = ("standing", "exempt_class", "cause", "reason", "implements", "links")
_COLUMNS = (*_TOLD, "lower_key")
_ROW = tuple(placement.c[name] for name in _TOLD)
_GROUPS = {group.value: group for group in LinkStatus}
_CAUSES = {cause.value: cause for cause in UnlinkedCause}
_STATES = {state.value: state for state in LinkState}
_FEW = 8
Identity = tuple[str, str]
"""Source and the tracker's id."""


def save_placements(connection: sa.Connection, placements: Iterable[Placement], made: PlacementCacheEntry) -> None:
    """Let *placements*, of every item that counts, be the stored ones, *made* as told; what has not changed stays."""
    held = {
        (row[0], row[1]): tuple(row[2:])
        for row in connection.execute(
            sa.select(placement.c.source, placement.c.external_id, *(placement.c[name] for name in _COLUMNS))
        )
    }
    wanted = {(codec.storable(one.item.source), codec.storable(one.item.external_id)): one for one in placements}
    rows = {place: _row(one) for place, one in wanted.items()}
    changed = [place for place, row in rows.items() if held.get(place) != row]
    _delete(connection, [place for place in held if place not in rows or held[place] != rows[place]])
    if changed:
        columns = ("source", "external_id", *_COLUMNS)
        entries = [dict(zip(columns, (*place, *rows[place]), strict=True)) for place in changed]
        connection.execute(sa.insert(placement), entries)
    forget_placing(connection)
    connection.execute(sa.insert(placing).values(id=1, stamp=made.stamp, stock=made.stock, settled="[]"))


def _delete(connection: sa.Connection, places: Sequence[Identity]) -> None:
    by_source: dict[str, list[str]] = {}
    for source, external_id in places:
        by_source.setdefault(source, []).append(external_id)
    for source, ids in by_source.items():
        for part in chunks(ids):
            connection.execute(
                sa.delete(placement).where(placement.c.source == source, placement.c.external_id.in_(part))
            )


def _row(one: Placement) -> tuple[str, ...]:
    links = [
        [entry.key_result, entry.state.value, entry.rule, entry.via, entry.share, entry.depth, entry.reason]
        for entry in one.links
    ]
    told = (one.group.value, one.exempt_class, "" if one.cause is None else one.cause.value, one.reason)
    return (
        *map(codec.storable, told),
        _json(list(one.implements)),
        _json(links),
        codec.storable(one.item.key.lower()),
    )


def _json(values: list[Any]) -> str:
    return codec.storable(orjson.dumps(values).decode()) if values else "[]"


def forget_placing(connection: sa.Connection) -> None:
    """What is stored of placements holds no longer."""
    connection.execute(sa.delete(placing))


def save_settled(connection: sa.Connection, key_results: Collection[str]) -> None:
    """Note on which *key_results* every delivery is judged for good."""
    connection.execute(sa.update(placing).values(settled=_json(sorted(key_results))))


def placing_of(connection: sa.Connection) -> PlacementCacheEntry | None:
    """How the stored placements were made; ``None`` where something was written to the items since."""
    row = connection.execute(sa.select(placing.c.stamp, placing.c.stock, placing.c.settled)).first()
    return None if row is None else PlacementCacheEntry(row.stamp, row.stock, frozenset(orjson.loads(row.settled)))


def placements_of(
    connection: sa.Connection, scopes: Sequence[Scope], wanted: ItemFilter, reader: ItemReader
) -> list[Placement]:
    """The stored placements of what is *wanted*, by source and then by the tracker's id."""
    ids = _ids(connection, scopes, wanted)
    chosen = sa.select(*ITEM_COLUMNS, *_ROW).join_from(item, placement, _PLACED)
    read, width = reader.item, len(ITEM_COLUMNS)
    links: dict[str, list[list[Any]]] = {}
    found = [
        _placement(read(row[:width]), row[width:], links)
        for part in chunks(sorted(ids))
        for row in map(tuple, connection.execute(chosen.where(item.c.id.in_(part))).all())
    ]
    return sorted(found, key=lambda one: (one.item.source, len(one.item.external_id), one.item.external_id))


_PLACED = sa.and_(placement.c.source == item.c.source, placement.c.external_id == item.c.external_id)


def _placement(made: Item, row: Sequence[str], links: dict[str, list[list[Any]]]) -> Placement:
    standing, exempt_class, cause, reason, implements, linked = row
    if linked not in links:
        links[linked] = orjson.loads(linked)
    return Placement(
        made,
        _GROUPS[standing],
        tuple([_link(made, *entry) for entry in links[linked]]) if linked != "[]" else (),
        exempt_class,
        reason,
        _CAUSES[cause] if cause else None,
        tuple(orjson.loads(implements)) if implements != "[]" else (),
    )


def _link(made: Item, key_result: str, state: str, rule: str, via: str, share: float, depth: int, reason: str) -> Link:
    where = (made.source, made.external_id, made.key)
    return Link(*where, key_result, _STATES[state], rule, via, share, depth, reason)


def _ids(connection: sa.Connection, scopes: Sequence[Scope], wanted: ItemFilter) -> set[int]:
    counts = is_there(scopes)
    found: set[int] = set()
    for condition in _conditions(wanted):
        found.update(connection.execute(sa.select(item.c.id).where(counts, condition)).scalars().all())
    found |= placed_ids_called(connection, scopes, wanted.keys)
    if wanted.iterations:
        found.update(_in_iterations(connection, counts, wanted.iterations))
    return found


def _conditions(wanted: ItemFilter) -> Iterator[sa.ColumnElement[bool]]:
    here = sa.tuple_(item.c.source, item.c.external_id)
    in_force = sa.select(link.c.source, link.c.external_id).where(link.c.valid_to_ms.is_(None))
    for part in chunks(sorted(wanted.key_results)):
        yield here.in_(in_force.where(link.c.key_result.in_(part)))
        seen = sa.select(expectation.c.source, expectation.c.external_id)
        yield here.in_(seen.where(expectation.c.key_result.in_(part)))
    if wanted.has_trouble:
        yield here.in_(in_force.where(link.c.state != LinkState.OK.value))
    is_done = item.c.status == Status.DONE.value
    if wanted.delivered is not None:
        first, last = map(codec.to_ms, wanted.delivered)
        yield sa.and_(is_done, item.c.delivered_ms.between(first, last))
        yield sa.and_(is_done, item.c.delivered_ms.is_(None))
    if wanted.is_open:
        yield IS_OPEN
    elif wanted.has_trouble:
        yield sa.and_(IS_OPEN, item.c.reopened > 0)


def _in_iterations(
    connection: sa.Connection, counts: sa.ColumnElement[bool], iterations: Collection[Identity]
) -> set[int]:
    """Row ids of the items that are in one of *iterations* (source and id), or were."""
    told = sa.cast(item.c.iterations, sa.Text)
    # A few are looked for by the database; whether it is that iteration, and not a name like its id, is seen here.
    near = [told.contains(orjson.dumps(id_).decode(), autoescape=True) for _, id_ in iterations]
    chosen = sa.select(item.c.id, item.c.source, told).where(counts, told != "[]")
    rows = connection.execute(chosen.where(sa.or_(*near)) if len(near) <= _FEW else chosen).all()
    held: dict[Identity, bool] = {}
    found: set[int] = set()
    for id_, source, text in rows:
        if (source, text) not in held:
            held[source, text] = any((source, entry[0]) in iterations for entry in orjson.loads(text))
        if held[source, text]:
            found.add(id_)
    return found


def work_in_iterations(connection: sa.Connection, scopes: Sequence[Scope]) -> list[tuple[str, str, str, int]]:
    """How many pieces of work of each project are in each iteration, or were: source, iteration, project, count."""
    counts = is_there(scopes)
    told = sa.cast(item.c.iterations, sa.Text)
    is_piece = sa.and_(
        item.c.status != Status.DROPPED.value,
        sa.or_(item.c.kind != ItemKind.PULL_REQUEST.value, placement.c.implements == "[]"),
    )
    grouped = (
        sa.select(item.c.source, told, item.c.project, sa.func.count())
        .join_from(item, placement, _PLACED)
        .where(counts, told != "[]", is_piece)
        .group_by(item.c.source, told, item.c.project)
    )
    found: dict[tuple[str, str, str], int] = {}
    for source, text, project, count in connection.execute(grouped):
        for entry in orjson.loads(text):
            where = (source, entry[0], project)
            found[where] = found.get(where, 0) + count
    return [(*where, count) for where, count in sorted(found.items())]
