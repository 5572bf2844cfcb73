"""Which rows of the item table count: reading and purging must agree on it."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from okrsync.model.work import Status
from okrsync.store import codec
from okrsync.store.records import Scope
from okrsync.store.tables import item, stream_state

IS_OPEN = item.c.status.in_([status.value for status in Status if status.is_open])
"""The condition that open work fulfils."""


def in_scope(scope: Scope) -> sa.ColumnElement[bool]:
    """The condition that an item of *scope* fulfils."""
    partitions = sa.select(stream_state.c.partition).where(
        stream_state.c.source == scope.source, stream_state.c.in_scope.is_(True)
    )
    held = sa.and_(item.c.source == scope.source, item.c.partition.in_(partitions))
    return held if scope.since is None else sa.and_(held, item.c.updated_ms >= codec.to_ms(scope.since))


def in_any(scopes: Iterable[Scope]) -> sa.ColumnElement[bool]:
    """The condition that an item of one of *scopes* fulfils."""
    return sa.or_(sa.false(), *map(in_scope, scopes))


def is_there(scopes: Iterable[Scope]) -> sa.ColumnElement[bool]:
    """The condition that an item of one of *scopes* fulfils that its tracker still has."""
    return sa.and_(in_any(scopes), item.c.gone_ms.is_(None))
