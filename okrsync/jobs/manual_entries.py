"""What people do by hand: link, unlink, check in. Everything is checked before the ledger is touched."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from okrsync.answers.finding import current_linking, find_item, find_key_result, resolve_key_result
from okrsync.answers.workspace import Workspace
from okrsync.config.document import shown
from okrsync.config.ledger_file import LedgerWriter
from okrsync.errors import ConfigError, Problem, UsageError
from okrsync.linking.placement import Placements
from okrsync.model.okrs import KeyResult
from okrsync.model.work import Item, LinkState
from okrsync.plugins.metric_source import CHECK_IN
from okrsync.plugins.text import without_people

MAX_ROWS = 100_000
_COLUMNS = {
    "key": "key",
    "item": "key",
    "issue": "key",
    "key_result": "key_result",
    "kr": "key_result",
    "reason": "reason",
    "action": "action",
}


@dataclass(frozen=True, slots=True)
class HandLink:
    """One link to be made or taken away, with what was found for it."""

    action: str
    item: Item
    key_result: str
    reason: str
    state: LinkState = LinkState.OK
    state_reason: str = ""
    """Why the link will not count, where it will not."""


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """A check-in that was written; *is_observed* tells whether it is an observation of the key result's metric."""

    key_result: KeyResult
    value: float
    day: date
    is_observed: bool


def hand_link(
    workspace: Workspace, linking: Placements, action: str, key: str, key_result: str, reason: str
) -> HandLink:
    """
    What *action* on *key* and *key_result* comes to; a bare name means the cycle that counts for the item.

    Raises:
        UsageError: there is no such item or key result.
    """
    item = find_item(linking, key)
    named = resolve_key_result(workspace, key_result, item)
    return HandLink(action, item, named.key_result, without_people(reason), named.state, named.reason)


def make_links(workspace: Workspace, links: Sequence[HandLink], by: str) -> None:
    """Write *links* to the ledger, all in one go."""
    _writer(workspace, by).append(
        "links",
        [
            {"action": link.action, "item": link.item.key, "key_result": link.key_result, "reason": link.reason}
            for link in links
        ],
    )


def read_links(workspace: Workspace, path: Path) -> list[HandLink]:
    """
    The links in the CSV file *path*: ``key,key_result[,reason][,action]``, the action ``link`` unless given.

    Raises:
        ConfigError: with every row that names nothing, or that is no row.
    """
    linking = current_linking(workspace)
    file = shown(path)
    problems: list[Problem] = []
    links: list[HandLink] = []
    for line, row in _rows(path, file):
        try:
            links.append(_hand_link(workspace, linking, row))
        except UsageError as error:
            problems.append(Problem(file, line, 1, str(error)))
    if problems:
        raise ConfigError(problems)
    return links


def check_in(
    workspace: Workspace, name: str, value: float, *, confidence: float | None, note: str, day: date | None, by: str
) -> CheckedIn:
    """Write a check-in on the key result *name* for *day* (default: today) to the ledger."""
    key_result = find_key_result(workspace, name)
    metric = workspace.project.okrs.metrics_by_id.get(key_result.metric)
    day = day or workspace.today
    if metric is not None and metric.bounds is not None and not metric.bounds[0] <= value <= metric.bounds[1]:
        low, high = metric.bounds
        raise UsageError(f"{value:g} lies outside the bounds of {metric.id}, {low:g} to {high:g}; nothing was written")
    if day > workspace.today:
        raise UsageError(f"{day} lies in the future; a check-in reports what was seen")
    record: dict[str, object] = {
        "key_result": key_result.qualified_id,
        "value": value,
        "note": without_people(note),
    }
    if confidence is not None:
        record["confidence"] = confidence
    noon = datetime.combine(day, time(12), workspace.project.settings.zone).astimezone(UTC)
    _writer(workspace, by).append("check_ins", [record], at=min(noon, workspace.now))
    return CheckedIn(key_result, value, day, metric is not None and metric.source_type == CHECK_IN)


def _hand_link(workspace: Workspace, linking: Placements, row: dict[str, str]) -> HandLink:
    action = row.get("action") or "link"
    if action not in {"link", "unlink"}:
        raise UsageError(f'"{action}" is neither link nor unlink')
    return hand_link(workspace, linking, action, row["key"], row["key_result"], row.get("reason") or "")


def _writer(workspace: Workspace, by: str) -> LedgerWriter:
    return LedgerWriter(workspace.project.ledger_folder, by, workspace.now)


def _rows(path: Path, file: str) -> list[tuple[int, dict[str, str]]]:
    """The rows of a list of links with their lines; a first line without column names is a row itself."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        first = next((line for line in text.splitlines() if line.strip()), "")
        reader = csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first.count))
        cells = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(map(str.strip, row))]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a CSV file in UTF-8"
        raise ConfigError([Problem(file, 1, 1, f"cannot be read: {reason}", "check the path")]) from None
    names = [_COLUMNS.get(cell.casefold().replace(" ", "_"), "") for cell in cells[0][1]] if cells else []
    if {"key", "key_result"} <= set(names):
        cells = cells[1:]
    elif set(names) <= {""} and len(names) >= 2:
        names = ["key", "key_result", "reason", "action"]
    else:
        raise ConfigError([Problem(file, 1, 1, "no columns key and key_result", "start with `key,key_result,reason`")])
    if len(cells) > MAX_ROWS:
        raise ConfigError([Problem(file, 1, 1, f"more than {MAX_ROWS} rows", "split it")])
    empty = {"key": "", "key_result": ""}
    return [(line, {**empty, **dict(zip(names, row, strict=False))}) for line, row in cells]
