"""What people do by hand: link, unlink, check in. Everything is checked before the ledger is touched."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from okrsync.config.document import shown
from okrsync.config.ledger_file import LedgerWriter
from okrsync.errors import ConfigError, Problem, UsageError
from okrsync.jobs.workspace import Workspace, link_all
from okrsync.linking.naming import KeyResultNames, Named
from okrsync.linking.placing import Linking, day_that_counts
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
_ADDRESS = re.compile(
    r"^https?://.*?(?:/browse/(?P<key>[\w-]+)|/(?P<repository>[\w.-]+/[\w.-]+)/(?:issues|pull)/(?P<number>\d+))/?$"
)


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


def current_linking(workspace: Workspace) -> Linking:
    """Every item's place as of now."""
    with workspace.store.read() as view:
        return link_all(workspace, view)


def find_item(linking: Linking, key: str) -> Item:
    """
    The item called *key*, or at that address; a repository's owner may be left out (``web#12``) where that is clear.

    Raises:
        UsageError: no item, or several, are called so.
    """
    key = _bare(key)
    exact = linking.hierarchy.find(key)
    if exact is not None:
        return exact
    ending = f"/{key.casefold()}"
    found = {
        placement.item.key: placement.item
        for placement in linking.placements
        if placement.item.key.casefold().endswith(ending)
    }
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        raise UsageError(f'"{key[:80]}" may be {" or ".join(sorted(found))}; write it out')
    raise UsageError(f'no item is called "{key[:80]}"; run `okrsync sync` if it is new, or check its source\'s scope')


def _bare(key: str) -> str:
    """*key* as a tracker writes it: reports hold it with an invisible space, and people paste addresses."""
    key = key.replace("\u200b", "").strip()
    address = _ADDRESS.search(key)
    if address is None:
        return key
    return address["key"] or f"{address['repository']}#{address['number']}"


def find_key_result(workspace: Workspace, name: str) -> KeyResult:
    """
    The key result that *name* means today.

    Raises:
        UsageError: none, or one of several cycles.
    """
    named = _named(workspace, name)
    return next(entry for entry in workspace.project.okrs.key_results if entry.qualified_id == named.key_result)


def _named(workspace: Workspace, name: str, item: Item | None = None) -> Named:
    day = workspace.today if item is None else day_that_counts(item, workspace.today, workspace.project.settings.zone)
    named = KeyResultNames(workspace.project.okrs).resolve(name, day)
    if named.state in {LinkState.BROKEN, LinkState.AMBIGUOUS}:
        raise UsageError(f"{named.reason}; key results: {_known(workspace)}")
    return named


def hand_link(workspace: Workspace, linking: Linking, action: str, key: str, key_result: str, reason: str) -> HandLink:
    """
    What *action* on *key* and *key_result* comes to; a bare name means the cycle that counts for the item.

    Raises:
        UsageError: there is no such item or key result.
    """
    item = find_item(linking, key)
    named = _named(workspace, key_result, item)
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


def _hand_link(workspace: Workspace, linking: Linking, row: dict[str, str]) -> HandLink:
    action = row.get("action") or "link"
    if action not in {"link", "unlink"}:
        raise UsageError(f'"{action}" is neither link nor unlink')
    return hand_link(workspace, linking, action, row["key"], row["key_result"], row.get("reason") or "")


def _writer(workspace: Workspace, by: str) -> LedgerWriter:
    return LedgerWriter(workspace.project.ledger_folder, by, workspace.now)


def _known(workspace: Workspace) -> str:
    okrs = workspace.project.okrs
    running = [entry.id for entry in okrs.key_results if okrs.cycle(entry.cycle).contains(workspace.today)]
    return ", ".join(running) or ", ".join(entry.qualified_id for entry in okrs.key_results) or "none"


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
