"""JSON Schemas for editors, made from the same models that check the files."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from okrsync.config.ledger_file import RECORD_KINDS
from okrsync.config.okrs_file import OkrsFile
from okrsync.config.settings_file import SettingsFile
from okrsync.plugins.discovery import connector_names, load_connector

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, dict[str, Any]]:
    """Schema by file name: the two YAML files, with every installed connector's sources, and each ledger file."""
    made = {
        "okrsync.schema.json": _settings_schema(),
        "okrs.schema.json": _titled(OkrsFile.model_json_schema(), "okrs.yaml"),
    }
    for kind, entry in RECORD_KINDS.items():
        made[f"ledger-{kind}.schema.json"] = _titled(entry.model_json_schema(), f"one line of ledger/{kind}.jsonl")
    return made


def written(schema: dict[str, Any]) -> str:
    """*schema* as the text of its file."""
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _titled(schema: dict[str, Any], title: str) -> dict[str, Any]:
    return {"$schema": DIALECT, **schema, "title": title}


def _settings_schema() -> dict[str, Any]:
    schema = _titled(SettingsFile.model_json_schema(by_alias=True), "okrsync.yaml")
    definitions = schema.setdefault("$defs", {})
    kinds = []
    for name in connector_names():
        source = load_connector(name).Settings.model_json_schema()
        definitions.update(source.pop("$defs", {}))
        source["properties"]["connector"] = {"const": name, "description": "Which connector reads it"}
        definitions[f"source-{name}"] = source
        kinds.append({"$ref": f"#/$defs/source-{name}"})
    schema["properties"]["sources"]["items"] = {"anyOf": kinds}
    return schema


def main(folder: str) -> None:
    """Write all schemas into *folder*."""
    for name, schema in schemas().items():
        (Path(folder) / name).write_text(written(schema), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1])
