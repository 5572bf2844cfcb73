"""Writing items: their rows, raw forms, events and old keys, and what becomes of those that vanish."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from okrsync.model.plain import canonical, digest
from okrsync.model.work import EventField, EventOrigin
from okrsync.plugins.connector import Missing
from okrsync.store import codec
from okrsync.store.backends import BulkUpsert, insert
from okrsync.store.failpoints import failpoint
from okrsync.store.records import ItemVersion, SaveCounts, StoredDigests
from okrsync.store.tables import dead_letter, history_due, item, item_alias, item_event, item_raw, link, placement

CHUNK = 500  # SQLite's oldest limit on parameters of one statement is 999
_BACK_AGAIN = {"missing_since_ms": None, "gone_ms": None, "gone_reason": ""}
_ITEM_COLUMNS = [column.name for column in item.columns if column.name != "id"]
_UPSERT_ITEM = BulkUpsert(item, _ITEM_COLUMNS, ["source", "external_id"], ["recorded_ms"])
_UPSERT_UNSEEN = BulkUpsert(item, _ITEM_COLUMNS, ["source", "external_id"], ["recorded_ms", *_BACK_AGAIN])
_UPSERT_RAW = BulkUpsert(item_raw, ["source", "external_id", "body"], ["source", "external_id"], [])
_UPSERT_EVENT = BulkUpsert(
    item_event, ["recorded_ms", *codec.EVENT_COLUMNS], ["source", "external_id", "key"], ["recorded_ms"]
)
Entry = TypeVar("Entry")


def chunks(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """*entries* in parts that fit into one statement."""
    for start in range(0, len(entries), CHUNK):
        yield entries[start : start + CHUNK]


def held_items(connection: sa.Connection, source: str, external_ids: Sequence[str]) -> dict[str, StoredDigests]:
    """What is stored of items, as far as is needed to see whether they changed; a new one is left out."""
    found: dict[str, StoredDigests] = {}
    for part in chunks(external_ids):
        rows = connection.execute(
            sa.select(
                item.c.external_id,
                item.c.raw_digest,
                item.c.events_digest,
                item.c.digest,
                item.c.updated_ms,
                item.c.key,
                item.c.missing_since_ms,
                item.c.gone_ms,
            ).where(item.c.source == source, item.c.external_id.in_(part))
        )
        for row in rows:
            is_missing = row.missing_since_ms is not None or row.gone_ms is not None
            found[row.external_id] = StoredDigests(
                row.raw_digest, row.events_digest, row.digest, row.updated_ms, row.key, is_missing
            )
    return found


class ItemWriter:
    """The items of one source inside one write transaction."""

    def __init__(self, connection: sa.Connection, source: str) -> None:
        self._connection = connection
        self._source = source

    def save(
        self,
        versions: Sequence[ItemVersion],
        partition: str,
        now: datetime,
        *,
        replace_events: bool = False,
        same_raw: bool = False,
        is_seen: bool = True,
    ) -> SaveCounts:
        """
        Insert or update items with all that belongs to them; an older version never replaces a newer one.

        *replace_events*: what their raw form says now is what their history says; else it only ever grows.
        *same_raw*: their raw form is the stored one, and so is whether their history is due. Not *is_seen*: the tracker
        did not list them just now, so what is missing or gone stays so.
        """
        newest: dict[str, ItemVersion] = {}
        for version in versions:
            external_id = version.row["external_id"]
            held = newest.get(external_id)
            if held is None or held.row["updated_ms"] <= version.row["updated_ms"]:
                newest[external_id] = version
        known = held_items(self._connection, self._source, list(newest))
        saved: list[dict[str, Any]] = []
        again: list[str] = []
        same_events: set[str] = set()
        for external_id, version in newest.items():
            row = {**version.row, "partition": partition}
            events_digest = digest(canonical(version.event_rows))
            raw_digest = digest(version.content)
            row["digest"] = digest(canonical(row) + raw_digest + digest(version.history) + events_digest)
            before = known.get(external_id)
            if before is not None and before.events_digest == events_digest:
                same_events.add(external_id)
            if before is not None and (before.digest == row["digest"] or before.updated_ms > row["updated_ms"]):
                if before.is_missing and is_seen:
                    again.append(external_id)
                continue
            noted = {"raw_digest": raw_digest, "events_digest": events_digest, "recorded_ms": codec.to_ms(now)}
            saved.append(row | noted | _BACK_AGAIN)
        new = sum(row["external_id"] not in known for row in saved)
        self.found_again(again)
        if saved:
            upsert = _UPSERT_ITEM if is_seen else _UPSERT_UNSEEN
            upsert(self._connection, [tuple([row[name] for name in upsert.columns]) for row in saved])
            if not same_raw:
                self._upsert_raw(newest[row["external_id"]] for row in saved)
            self._save_aliases(saved, known)
        failpoint("items-written")
        if replace_events:
            self._forget_events(
                {
                    id_: version
                    for id_, version in newest.items()
                    if id_ in known and id_ not in same_events and not version.history_due
                }
            )
        self._save_events([version for version in versions if version.item.external_id not in same_events], now)
        if not same_raw:
            self._note_due(newest)
        # What is understood now is no dead letter any more, whether or not it changed.
        self._forget(dead_letter, set(newest))
        return SaveCounts(seen=len(newest), new=new, changed=len(saved) - new)

    def found_again(self, external_ids: Sequence[str]) -> None:
        """Take back that *external_ids* were missing."""
        for part in chunks(external_ids):
            self._connection.execute(
                sa.update(item).where(item.c.source == self._source, item.c.external_id.in_(part)).values(**_BACK_AGAIN)
            )

    def held_in(self, partition: str) -> set[str]:
        """Ids of the items of *partition* that are not gone."""
        return set(
            self._connection.execute(
                sa.select(item.c.external_id).where(
                    item.c.source == self._source, item.c.partition == partition, item.c.gone_ms.is_(None)
                )
            ).scalars()
        )

    def mark_missing(self, partition: str, listed: Collection[str], now: datetime) -> None:
        """Note which items of *partition* the complete list has not; those that are listed again are not missing."""
        rows = self._connection.execute(
            sa.select(item.c.external_id, item.c.missing_since_ms).where(
                item.c.source == self._source, item.c.partition == partition, item.c.gone_ms.is_(None)
            )
        ).all()
        lost = {row.external_id for row in rows if row.missing_since_ms is not None}
        first = [row.external_id for row in rows if row.external_id not in listed and row.external_id not in lost]
        for part in chunks(first):
            self._connection.execute(
                sa.update(item)
                .where(item.c.source == self._source, item.c.external_id.in_(part))
                .values(missing_since_ms=codec.to_ms(now))
            )
        self.found_again(sorted(lost.intersection(listed)))

    def bury(self, reasons: Mapping[str, str], now: datetime) -> None:
        """Let the items of *reasons* be gone from *now* on; their history stays."""
        for external_id, reason in reasons.items():
            self._connection.execute(
                sa.update(item)
                .where(item.c.source == self._source, item.c.external_id == external_id)
                .values(gone_ms=codec.to_ms(now), gone_reason=codec.storable(reason))
            )

    def move(self, old: Missing, new_id: str, new_key: str) -> bool:
        """
        Let the item *old* live on under *new_id* and *new_key*, with its history, links and old key.

        Where the new one is stored already, the old row goes, and its events join the new one's; returns whether it
        was not.
        """
        new_id, new_key = codec.storable(new_id), codec.storable(new_key)
        self._alias({old.key: new_id})
        if new_id == old.id:
            self._connection.execute(self._of(item, old.id).values(key=new_key, **_BACK_AGAIN))
            return True
        there = held_items(self._connection, self._source, [new_id])
        for table in (link, item_alias):
            self._connection.execute(self._of(table, old.id).values(external_id=new_id))
        if there:
            self._copy_events(old.id, new_id)
            self._delete([old.id])
            self._delete_from(history_due, [old.id])
            return False
        for table in (item_event, item_raw, history_due):
            self._connection.execute(self._of(table, old.id).values(external_id=new_id))
        self._connection.execute(self._of(item, old.id).values(external_id=new_id, key=new_key, **_BACK_AGAIN))
        return True

    def purge(self, external_ids: Sequence[str]) -> None:
        """Delete items for good, with all that belongs to them."""
        self._delete(external_ids)
        for table in (link, placement, item_event, item_alias, history_due, dead_letter):
            self._delete_from(table, external_ids)

    def _delete(self, external_ids: Sequence[str]) -> None:
        for table in (item_raw, item):
            self._delete_from(table, external_ids)

    def _delete_from(self, table: sa.Table, external_ids: Sequence[str]) -> None:
        for part in chunks(external_ids):
            self._connection.execute(
                sa.delete(table).where(table.c.source == self._source, table.c.external_id.in_(part))
            )

    def _of(self, table: sa.Table, external_id: str) -> sa.Update:
        return sa.update(table).where(table.c.source == self._source, table.c.external_id == external_id)

    def _copy_events(self, old_id: str, new_id: str) -> None:
        rows = self._connection.execute(
            sa.select(item_event).where(item_event.c.source == self._source, item_event.c.external_id == old_id)
        ).all()
        moved = [{**row._asdict(), "external_id": new_id} for row in rows]
        if moved:
            self._connection.execute(insert(self._connection, item_event).on_conflict_do_nothing(), moved)
        self._connection.execute(
            sa.delete(item_event).where(item_event.c.source == self._source, item_event.c.external_id == old_id)
        )

    def _upsert_raw(self, versions: Iterable[ItemVersion]) -> None:
        _UPSERT_RAW(
            self._connection,
            [
                (self._source, version.row["external_id"], codec.packed(version.content, version.history))
                for version in versions
            ],
        )

    def _forget_events(self, versions: Mapping[str, ItemVersion]) -> None:
        """Delete events that the tracker's history does not give any more, after a change of what is read of it."""
        wanted = {row[1:3] for version in versions.values() for row in version.event_rows}
        for part in chunks(list(versions)):
            held = self._connection.execute(
                sa.select(item_event.c.external_id, item_event.c.key).where(
                    item_event.c.source == self._source,
                    item_event.c.external_id.in_(part),
                    item_event.c.origin == EventOrigin.SOURCE.value,
                )
            ).all()
            for row in held:
                if tuple(row) not in wanted:
                    self._connection.execute(
                        sa.delete(item_event).where(
                            item_event.c.source == self._source,
                            item_event.c.external_id == row.external_id,
                            item_event.c.key == row.key,
                        )
                    )

    def _save_events(self, versions: Sequence[ItemVersion], now: datetime) -> None:
        recorded = codec.to_ms(now)
        rows = [(recorded, *row) for version in versions for row in version.event_rows]
        if not rows:
            return
        # Append-only: what is there was recorded first, and stays so; only what it means may be told anew.
        _UPSERT_EVENT(self._connection, rows)
        old_keys = {
            event.from_text or event.from_id: event.external_id
            for version in versions
            for event in version.events
            if event.field is EventField.KEY
        }
        self._alias({key: id_ for key, id_ in old_keys.items() if key})
        failpoint("events-written")

    def _save_aliases(self, rows: Sequence[Mapping[str, Any]], known: Mapping[str, StoredDigests]) -> None:
        self._alias(
            {
                before.key: row["external_id"]
                for row in rows
                if (before := known.get(row["external_id"])) is not None and before.key != row["key"]
            }
        )

    def _alias(self, ids: Mapping[str, str]) -> None:
        if not ids:
            return
        statement = insert(self._connection, item_alias)
        self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["source", "key"], set_={"external_id": statement.excluded.external_id}
            ),
            [
                {"source": self._source, "key": codec.storable(key), "external_id": codec.storable(id_)}
                for key, id_ in ids.items()
            ],
        )

    def _note_due(self, versions: Mapping[str, ItemVersion]) -> None:
        late = {id_ for id_, version in versions.items() if version.history_due}
        settling = {id_ for id_, version in versions.items() if version.is_settling} - late
        self.note_due(sorted(late))
        self.note_due(sorted(settling), is_late=False)
        self._forget(history_due, versions.keys() - late - settling)

    def note_due(self, external_ids: Sequence[str], *, is_late: bool = True) -> None:
        """Have the history of *external_ids* read again; *is_late*: what is stored of it is known to be too little."""
        if external_ids:
            statement = insert(self._connection, history_due)
            self._connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["source", "external_id"], set_={"is_late": statement.excluded.is_late}
                ),
                [{"source": self._source, "external_id": id_, "is_late": is_late} for id_ in external_ids],
            )

    def _forget(self, table: sa.Table, external_ids: set[str]) -> None:
        """Delete the rows of *external_ids*; there are hardly ever any, so what there is is asked for first."""
        held = self._connection.execute(sa.select(table.c.external_id).where(table.c.source == self._source)).scalars()
        self._delete_from(table, [id_ for id_ in held if id_ in external_ids])
