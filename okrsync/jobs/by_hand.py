"""What people do by hand: link, unlink, check in. Everything is checked before the ledger is touched."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from okrsync.config.document import shown
from okrsync.config.ledger_file import LedgerWriter
from okrsync.errors import ConfigError, Problem, UsageError
from okrsync.jobs.workspace import Workspace, link_all
from okrsync.linking.naming import KeyResultNames
from okrsync.linking.placing import Linking
from okrsync.model.okrs import KeyResult
from okrsync.model.work import Item, LinkState
from okrsync.plugins.metric_source import CHECK_IN

MAX_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class HandLink:
    """One link to be made or taken away, with what was found for it."""

    action: str
    item: Item
    key_result: str
    reason: str


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
    The item called *key*; of a repository's owner may be left out (``web#12``) where that is clear.

    Raises:
        UsageError: no item, or several, are called so.
    """
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


def find_key_result(workspace: Workspace, name: str) -> KeyResult:
    """
    The key result that *name* means today.

    Raises:
        UsageError: none, or one of several cycles.
    """
    names = KeyResultNames(workspace.project.okrs)
    named = names.resolve(name, workspace.today)
    if named.state in {LinkState.BROKEN, LinkState.AMBIGUOUS}:
        raise UsageError(f"{named.reason}; key results: {_known(workspace)}")
    return next(entry for entry in workspace.project.okrs.key_results if entry.qualified_id == named.key_result)


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
    if day > workspace.today:
        raise UsageError(f"{day} lies in the future; a check-in reports what was seen")
    record: dict[str, object] = {"key_result": key_result.qualified_id, "value": value, "note": note}
    if confidence is not None:
        record["confidence"] = confidence
    noon = datetime.combine(day, time(12), workspace.project.settings.zone).astimezone(UTC)
    _writer(workspace, by).append("check_ins", [record], at=min(noon, workspace.now))
    return CheckedIn(key_result, value, day, metric is not None and metric.source_type == CHECK_IN)


def _hand_link(workspace: Workspace, linking: Linking, row: dict[str, str]) -> HandLink:
    action = row.get("action") or "link"
    if action not in {"link", "unlink"}:
        raise UsageError(f'"{action}" is neither link nor unlink')
    item = find_item(linking, row["key"])
    named = find_key_result(workspace, row["key_result"])
    return HandLink(action, item, named.qualified_id, row.get("reason") or "")


def _writer(workspace: Workspace, by: str) -> LedgerWriter:
    return LedgerWriter(workspace.project.ledger_folder, by, workspace.now)


def _known(workspace: Workspace) -> str:
    okrs = workspace.project.okrs
    running = [entry.id for entry in okrs.key_results if okrs.cycle(entry.cycle).contains(workspace.today)]
    return ", ".join(running) or ", ".join(entry.qualified_id for entry in okrs.key_results) or "none"


def _rows(path: Path, file: str) -> list[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            columns = {(name or "").strip().casefold() for name in reader.fieldnames or ()}
            if not {"key", "key_result"} <= columns:
                raise ConfigError(
                    [Problem(file, 1, 1, "no columns key and key_result", "start with `key,key_result,reason`")]
                )
            rows = []
            for row in reader:
                named = {(name or "").strip().casefold(): (text or "").strip() for name, text in row.items() if name}
                if any(named.values()):
                    rows.append((reader.line_num, named))
                if len(rows) > MAX_ROWS:
                    raise ConfigError([Problem(file, 0, 0, f"more than {MAX_ROWS} rows", "split it")])
            return rows
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a CSV file in UTF-8"
        raise ConfigError([Problem(file, 0, 0, f"cannot be read: {reason}", "check the path")]) from None
