"""Normalises raw items in a process of its own: JSON in, JSON out."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from functools import reduce
from importlib import import_module
from pathlib import Path
from typing import Any

from okrsync.plugins.connector import HISTORY, Connector, FieldMap, HasHistory, RawItem
from okrsync.plugins.context import Context
from okrsync.store.codec import event_row, fields_of, item_row


def meanings(connector: Connector, raws: Sequence[RawItem], fields: FieldMap) -> list[list[str]]:
    """Each raw item's item and events as text, down to the order of what is inside."""
    return [_meaning(connector, raw, fields) for raw in raws]


def _meaning(connector: Connector, raw: RawItem, fields: FieldMap) -> list[str]:
    told = [repr(sorted(item_row(connector.normalise(raw, fields)).items()))]
    if isinstance(connector, HasHistory) and HISTORY in raw:
        told += [repr(event_row(event)) for event in connector.normalise_history(raw, fields)]
    return told


def main() -> None:
    """Read what to normalise from stdin, and write what it means to stdout."""
    asked: dict[str, Any] = json.load(sys.stdin)
    kind: Any = reduce(getattr, asked["name"].split("."), import_module(asked["module"]))
    settings = kind.Settings.model_validate_json(json.dumps(asked["settings"]))
    connector: Connector = kind(settings, Context(Path()))
    json.dump(meanings(connector, asked["raws"], fields_of(asked["fields"])), sys.stdout)
