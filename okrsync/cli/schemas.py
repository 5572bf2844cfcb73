"""
JSON Schemas of what the reports say, made from the records that they are.

``make schemas`` runs it beside the schemas of the files that people write; it stands here because a layer below must
not know the reports.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Collection, Mapping
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from okrsync.answers.kinds import KINDS
from okrsync.config.schemas import DIALECT, written
from okrsync.formats.as_json import SCHEMA_VERSION
from okrsync.reports.inputs import Freshness

_PLAIN: Mapping[Any, dict[str, Any]] = MappingProxyType(
    {
        str: {"type": "string"},
        bool: {"type": "boolean"},
        int: {"type": "integer"},
        float: {"type": "number"},
        NoneType: {"type": "null"},
        object: {},
        date: {"type": "string", "format": "date"},
        datetime: {"type": "string", "format": "date-time"},
    }
)


def report_schemas() -> dict[str, dict[str, Any]]:
    """The schema of each report's JSON by file name."""
    return {f"report-{name}.schema.json": _schema(name, kind.shape_class) for name, kind in KINDS.items()}


def _schema(kind: str, made_of: type) -> dict[str, Any]:
    definitions: dict[str, Any] = {}
    fields = _record(made_of, definitions)["properties"]
    if "sources" not in fields:
        fields |= _record(Freshness, definitions)["properties"]
    head = {
        "$schema": {"const": f"okrsync/{kind}/{SCHEMA_VERSION}"},
        "schema_version": {"const": SCHEMA_VERSION},
        "kind": {"const": kind},
        "data_digest": {"type": "string", "description": "The same whenever the data is"},
    }
    return {
        "$schema": DIALECT,
        "title": f"okrsync {kind} --format json",
        **_object({**head, **fields}),
        "$defs": definitions,
    }


def _object(fields: dict[str, Any]) -> dict[str, Any]:
    """Every field is always there; what is missing in the data is null."""
    return {"type": "object", "properties": fields, "required": sorted(fields), "additionalProperties": False}


def _record(made_of: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(made_of)
    return _object({entry.name: _of(hints[entry.name], definitions) for entry in dataclasses.fields(made_of)})


def _of(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of *kind* as ``to_plain`` writes it; records go to *definitions*."""
    if kind in _PLAIN:
        return dict(_PLAIN[kind])
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        name = f"{kind.__module__.rpartition('.')[2]}.{kind.__name__}"
        if name not in definitions:
            definitions[name] = {}  # a record may hold others like it
            definitions[name] = _record(kind, definitions)
        return {"$ref": f"#/$defs/{name}"}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": sorted(member.value for member in kind)}
    return _of_several(get_origin(kind), get_args(kind), definitions)


def _of_several(origin: Any, parts: tuple[Any, ...], definitions: dict[str, Any]) -> dict[str, Any]:
    if origin in {Union, UnionType}:
        return {"anyOf": [_of(part, definitions) for part in parts]}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _of(parts[1], definitions)}
    if origin is tuple and parts[-1] is not Ellipsis:
        length = {"minItems": len(parts), "maxItems": len(parts)}
        return {"type": "array", "prefixItems": [_of(part, definitions) for part in parts], **length}
    if isinstance(origin, type) and issubclass(origin, Collection):
        return {"type": "array", "items": _of(parts[0], definitions)}
    raise TypeError(f"a report holds {origin or parts}, which has no schema")


def main(folder: str) -> None:
    """Write the schemas of all reports into *folder*."""
    for name, schema in report_schemas().items():
        (Path(folder) / name).write_text(written(schema), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1])
