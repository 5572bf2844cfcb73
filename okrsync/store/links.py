"""The links in force: since when they are, and what they tie."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from okrsync.model.work import LinkState, Status
from okrsync.store import codec
from okrsync.store.item_writer import chunks
from okrsync.store.records import Scope
from okrsync.store.scoping import IS_OPEN, is_there
from okrsync.store.tables import item, link


def served_by_open_work(connection: sa.Connection, scopes: Sequence[Scope]) -> set[str]:
    """The key results (qualified) that open work serves."""
    chosen = (
        sa.select(link.c.key_result)
        .distinct()
        .join_from(item, link, sa.and_(link.c.source == item.c.source, link.c.external_id == item.c.external_id))
    )
    is_in_force = sa.and_(link.c.valid_to_ms.is_(None), link.c.state == LinkState.OK.value)
    return set(connection.execute(chosen.where(is_there(scopes), IS_OPEN, is_in_force)).scalars())


def delivered_links(connection: sa.Connection, key_results: Collection[str]) -> set[tuple[str, str]]:
    """Key results and keys of the delivered items that serve them now, of *key_results*."""
    found: set[tuple[str, str]] = set()
    chosen = sa.select(link.c.key_result, item.c.key).join_from(
        link, item, sa.and_(link.c.source == item.c.source, link.c.external_id == item.c.external_id)
    )
    chosen = chosen.where(
        link.c.valid_to_ms.is_(None), link.c.state == LinkState.OK.value, item.c.status == Status.DONE.value
    )
    for part in chunks(sorted(key_results)):
        found.update((row[0], row[1]) for row in connection.execute(chosen.where(link.c.key_result.in_(part))).all())
    return found


def link_starts(connection: sa.Connection, key_results: Collection[str] | None) -> dict[tuple[str, str, str], datetime]:
    """When each link in force was first seen, by source, item and key result; of *key_results* where they are given."""
    chosen = sa.select(link.c.source, link.c.external_id, link.c.key_result, link.c.valid_from_ms).where(
        link.c.valid_to_ms.is_(None)
    )
    parts = [None] if key_results is None else list(chunks(sorted(key_results)))
    found: dict[tuple[str, str, str], datetime] = {}
    for part in parts:
        rows = connection.execute(chosen if part is None else chosen.where(link.c.key_result.in_(part)))
        for source, external_id, key_result, since in rows.all():
            found[source, external_id, key_result] = codec.from_ms(since)
    return found
