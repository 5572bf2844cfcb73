"""What the store knows as plain rows, for a warehouse: items with their place, links, observations and checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from okrsync.answers.observations import observed
from okrsync.answers.workspace import Workspace, link_all
from okrsync.linking.placement import Placements, without_titles
from okrsync.model.placements import Placement
from okrsync.model.work import Iteration
from okrsync.plugins.metric_source import CHECK_IN
from okrsync.store import codec
from okrsync.store.snapshot import Snapshot
from okrsync.store.tables import link, observation

Value = str | int | float | bool | datetime | date | None
Rows = Iterator[tuple[Value, ...]]


@dataclass(frozen=True, slots=True)
class ExportData:
    """What rows are made of: one consistent *view* of the store, and every item that counts, with its place."""

    workspace: Workspace
    view: Snapshot
    linking: Placements

    def is_known(self, milliseconds: int) -> bool:
        """Whether something that was read at that moment counts."""
        limit = self.workspace.as_known
        return limit is None or milliseconds <= codec.to_ms(limit)


@dataclass(frozen=True, slots=True)
class Export:
    """
    One table for a warehouse: *columns* with the type of their values, and what makes its rows.

    Moments are aware, in UTC; missing is ``None``. Lists are texts joined by ``; ``.
    """

    columns: Mapping[str, type]
    rows: Callable[[ExportData], Rows]


def stock_of(workspace: Workspace, view: Snapshot) -> ExportData:
    """What the tables of *workspace* are made of: what is out of scope, or gone, is in none of them."""
    linking = link_all(workspace, view)
    return ExportData(workspace, view, without_titles(linking) if workspace.hides_titles else linking)


def _items(stock: ExportData) -> Rows:
    return map(_item, stock.linking.placements)


def _item(placement: Placement) -> tuple[Value, ...]:
    item = placement.item
    size = (None, "") if item.size is None else (item.size.value, item.size.unit)
    return (
        item.source,
        item.external_id,
        item.key,
        item.url,
        item.kind.value,
        item.type,
        item.title,
        item.status.value,
        item.original_status,
        item.created,
        item.updated,
        item.delivered,
        item.first_done,
        item.reopened,
        item.resolution,
        *size,
        item.project,
        item.team,
        item.parent,
        "; ".join(item.labels),
        "; ".join(item.components),
        "; ".join(map(_name, item.iterations)),
        "; ".join(item.closes),
        placement.group.value,
        placement.exempt_class,
        placement.reason,
    )


def _name(iteration: Iteration) -> str:
    return iteration.name


def _links(stock: ExportData) -> Rows:
    there = {(placement.item.source, placement.item.external_id) for placement in stock.linking.placements}
    for row in stock.view.rows(link):
        if (row.source, row.external_id) in there and stock.is_known(row.valid_from_ms):
            is_over = row.valid_to_ms is not None and stock.is_known(row.valid_to_ms)
            yield (
                row.source,
                row.external_id,
                row.key,
                row.key_result,
                row.state,
                row.rule,
                row.via,
                row.share,
                row.depth,
                row.reason,
                _moment(row.valid_from_ms),
                _moment(row.valid_to_ms) if is_over else None,
            )


def _observations(stock: ExportData) -> Rows:
    metrics = stock.workspace.project.okrs.metrics
    stored = {metric.id for metric in metrics if metric.source_type != CHECK_IN}
    for row in stock.view.rows(observation):
        if row.metric in stored and stock.is_known(row.recorded_ms):
            yield row.metric, date.fromisoformat(row.day), row.value, row.n, row.origin, _moment(row.recorded_ms)
    # What people report stands in the ledger, not in the store.
    for name, entries in observed(stock.workspace, stock.view).items():
        for entry in () if name in stored else entries:
            if stock.is_known(codec.to_ms(entry.recorded)):
                # Not who told it: a warehouse has no need of that.
                yield name, entry.day, entry.value, entry.n, CHECK_IN, entry.recorded


def _checks(stock: ExportData) -> Rows:
    items = [placement.item for placement in stock.linking.placements]
    there = {key.casefold() for item in items for key in (item.key, *item.old_keys)}
    for entry in stock.view.checks(stock.workspace.as_known):
        check, told = entry.check, entry.check.estimate
        if there.isdisjoint(member.casefold() for member in check.members):
            continue
        numbers: tuple[float | None, ...] = (None,) * 6
        if told is not None:
            numbers = (told.effect, told.low, told.high, told.standard_error, told.p, told.mde)
        yield (
            entry.key_result,
            "; ".join(check.members),
            check.kind.value,
            check.first,
            check.last,
            check.evaluation,
            check.verdict.value,
            check.reason,
            *numbers,
            check.q,
            check.is_small,
            check.credit,
            check.hypothesis.value,
            check.expected,
            check.points_before,
            check.points_after,
            "; ".join(check.warnings),
            check.recorded,
        )


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else codec.from_ms(milliseconds)


_ITEM_COLUMNS = {
    "source": str,
    "external_id": str,
    "key": str,
    "url": str,
    "kind": str,
    "type": str,
    "title": str,
    "status": str,
    "original_status": str,
    "created": datetime,
    "updated": datetime,
    "delivered": datetime,
    "first_done": datetime,
    "reopened": int,
    "resolution": str,
    "size": float,
    "size_unit": str,
    "project": str,
    "team": str,
    "parent": str,
    "labels": str,
    "components": str,
    "iterations": str,
    "closes": str,
    "group": str,
    "exempt_class": str,
    "unlinked_reason": str,
}
_LINK_COLUMNS = {
    "source": str,
    "external_id": str,
    "key": str,
    "key_result": str,
    "state": str,
    "rule": str,
    "via": str,
    "share": float,
    "depth": int,
    "reason": str,
    "valid_from": datetime,
    "valid_to": datetime,
}
_OBSERVATION_COLUMNS = {
    "metric": str,
    "day": date,
    "value": float,
    "n": float,
    "origin": str,
    "recorded": datetime,
}
_CHECK_COLUMNS = {
    "key_result": str,
    "members": str,
    "kind": str,
    "first": date,
    "last": date,
    "evaluation": date,
    "verdict": str,
    "reason": str,
    "effect": float,
    "low": float,
    "high": float,
    "standard_error": float,
    "p": float,
    "mde": float,
    "q": float,
    "is_small": bool,
    "credit": str,
    "hypothesis": str,
    "expected": float,
    "points_before": int,
    "points_after": int,
    "warnings": str,
    "recorded": date,
}
EXPORTS: Mapping[str, Export] = MappingProxyType(
    {
        "items": Export(_ITEM_COLUMNS, _items),
        "links": Export(_LINK_COLUMNS, _links),
        "observations": Export(_OBSERVATION_COLUMNS, _observations),
        "checks": Export(_CHECK_COLUMNS, _checks),
    }
)
"""The tables by name. Every version of a link and every revision of an observation is a row; checks are on record."""
