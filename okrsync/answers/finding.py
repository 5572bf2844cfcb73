"""Finds the item or the key result that a user names."""

from __future__ import annotations

import re
from dataclasses import replace

from okrsync.answers.placement_cache import about
from okrsync.answers.report_data import report_inputs
from okrsync.answers.workspace import Workspace, link_all
from okrsync.errors import UsageError
from okrsync.linking.key_result_resolver import KeyResultResolver, ResolvedKeyResult
from okrsync.linking.placement import Placements, day_that_counts
from okrsync.model.okrs import KeyResult
from okrsync.model.placements import Placement
from okrsync.model.work import Item, LinkState

_ADDRESS = re.compile(
    r"^https?://.*?(?:/browse/(?P<key>[\w-]+)|/(?P<repository>[\w.-]+/[\w.-]+)/(?:issues|pull)/(?P<number>\d+))/?$"
)


def current_linking(workspace: Workspace) -> Placements:
    """Every item's place as of now."""
    with workspace.reading() as view:
        return link_all(workspace, view)


def find_placement(workspace: Workspace, key: str) -> Placement:
    """
    Return the item called *key* (see :func:`find_item`) with where it stands, read from the stored placements.

    Raises:
        UsageError: no item, or several, are called so.
    """
    name = _bare(key)
    inputs = report_inputs(workspace, replace(about(workspace, []), items=frozenset({name.casefold()})))
    if inputs.within is not None and inputs.linking.hierarchy.find(name) is None:
        # It may be called so without its owner.
        with workspace.reading() as view:
            whole = view.placed_keys_ending(f"/{name.casefold()}")
        inputs = report_inputs(workspace, replace(about(workspace, []), items=frozenset(whole)))
    item = find_item(inputs.linking, key)
    return inputs.linking.by_key[item.key.casefold()]


def find_item(linking: Placements, key: str) -> Item:
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


def find_key_result(workspace: Workspace, name: str) -> KeyResult:
    """
    The key result that *name* means today.

    Raises:
        UsageError: none, or one of several cycles.
    """
    named = resolve_key_result(workspace, name)
    return next(entry for entry in workspace.project.okrs.key_results if entry.qualified_id == named.key_result)


def resolve_key_result(workspace: Workspace, name: str, item: Item | None = None) -> ResolvedKeyResult:
    """
    Return the key result that *name* means on the day that counts for *item*, or today without one.

    Raises:
        UsageError: none is called so, or several are.
    """
    day = workspace.today if item is None else day_that_counts(item, workspace.today, workspace.project.settings.zone)
    named = KeyResultResolver(workspace.project.okrs).resolve(name, day)
    if named.state in {LinkState.BROKEN, LinkState.AMBIGUOUS}:
        raise UsageError(f"{named.reason}; key results: {_known(workspace)}")
    return named


def _bare(key: str) -> str:
    """*key* as a tracker writes it: reports hold it with an invisible space, and people paste addresses."""
    key = key.replace("\u200b", "").strip()
    address = _ADDRESS.search(key)
    if address is None:
        return key
    return address["key"] or f"{address['repository']}#{address['number']}"


def _known(workspace: Workspace) -> str:
    okrs = workspace.project.okrs
    running = [entry.id for entry in okrs.key_results if okrs.cycle(entry.cycle).contains(workspace.today)]
    return ", ".join(running) or ", ".join(entry.qualified_id for entry in okrs.key_results) or "none"
