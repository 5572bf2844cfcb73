"""Checks plain data against a pydantic model, and puts each finding back to its place in the file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic_core import ErrorDetails

from okrsync.config.document import DataPath, Document
from okrsync.errors import Problem

ModelT = TypeVar("ModelT", bound=BaseModel)


class YamlEntry(BaseModel):
    """Base of everything that a file may hold: strict types, unknown keys refused."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, populate_by_name=True, defer_build=True
    )


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


ONE_OR_MORE = (
    BeforeValidator(_as_list),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
)
Texts = Annotated[list[Annotated[str, Field(min_length=1)]], *ONE_OR_MORE]
"""One text or a list of texts."""

# What to write where a field is missing; the words of docs/configuration.md.
_EXAMPLES = {
    "version": "version: 1",
    "timezone": "timezone: Europe/Berlin",
    "sources": "sources: [{name: ..., connector: github, ...}]",
    "name": "name: web",
    "connector": "connector: github",
    "token": "token: {env: OKRSYNC_GITHUB_TOKEN}",
    "repositories": "repositories: [owner/name]",
    "projects": "projects: [PAY]",
    "url": 'url: "https://acme.atlassian.net"',
    "if": 'if: {label: "kr/*"}',
    "link": "link: from_label",
    "id": "id: ...",
    "start": "start: 2026-10-01",
    "end": "end: 2026-12-31",
    "definition": 'definition: "what exactly is counted"',
    "unit": 'unit: "%"',
    "source": "source: {type: csv, path: metrics/NAME.csv}",
    "type": "type: csv",
    "cadence": "cadence: weekly",
    "cycle": "cycle: 2026Q4",
    "title": 'title: "..."',
    "key_results": "key_results: [...]",
    "kind": "kind: leading",
    "value": "value: 41",
    "date": "date: 2026-12-31",
    "statement": 'statement: "..."',
    "path": "path: metrics/NAME.csv",
    "because": 'because: "..."',
    "recorded_at": '"recorded_at": "2026-10-01T08:00:00Z"',
    "direction": "direction: increase",
}
_TYPES = {
    "string_type": ("must be text", "put it in quotes"),
    "int_type": ("must be a whole number", "write a number without quotes"),
    "float_type": ("must be a number", "write a number without quotes"),
    "bool_type": ("must be true or false", "write true or false"),
    "date_type": ("must be a date", "write YYYY-MM-DD without quotes"),
    "date_from_datetime_inexact": ("must be a day without a time", "write YYYY-MM-DD"),
    "list_type": ("must be a list", "write [a, b] or lines that start with a dash"),
    "dict_type": ("must be a mapping", "write key: value"),
    "model_type": ("must be a mapping", "write key: value"),
    "model_attributes_type": ("must be a mapping", "write key: value"),
    "datetime_type": ("must be a time", 'write "2026-10-01T08:00:00Z"'),
}


def check(document: Document, model: type[ModelT], at: DataPath = ()) -> tuple[ModelT | None, list[Problem]]:
    """
    The part of *document* at *at* as a *model*, or ``None`` with every way in which it does not fit.

    A value that the text layer refused (it is ``None`` there) is reported by that layer alone.
    """
    data = document.data
    for step in at:
        data = data[step]
    try:
        # In a file a key has one spelling: the alias (`if`), never the name of the attribute behind it.
        return model.model_validate(data, by_alias=True, by_name=False), []
    except ValidationError as error:
        known = _field_names(model)
        details = error.errors(include_url=False, include_input=False, include_context=True)
        return None, [_problem(document, at, detail, known) for detail in details]


def _problem(document: Document, at: DataPath, detail: ErrorDetails, known: Iterable[str]) -> Problem:
    path = (*at, *detail["loc"])
    name = str(path[-1]) if path else ""
    kind = detail["type"]
    if kind == "missing":
        return document.problem(path[:-1], f'"{name}" is missing', f"add `{_EXAMPLES.get(name, name + ': ...')}`")
    if kind == "extra_forbidden":
        return document.problem(path, f'unknown key "{name}"', _spelling(name, known), key=True)
    message, fix = _TYPES.get(kind, ("", ""))
    if not message:
        message, fix = _sentence(detail, name)
    return document.problem(path, f"{_subject(path)} {message}".strip(), fix)


def _subject(path: DataPath) -> str:
    words = [part for part in path if isinstance(part, str)]
    if not words:
        return "the file"
    return f'an entry of "{words[-1]}"' if isinstance(path[-1], int) else f'"{words[-1]}"'


def _sentence(detail: ErrorDetails, name: str) -> tuple[str, str]:
    context = detail.get("ctx") or {}
    kind = detail["type"]
    if kind == "literal_error":
        return "has a value it cannot have", f"write one of {context['expected']}"
    if kind == "value_error":
        text = str(context["error"])
        message, semicolon, fix = text.rpartition("; ")
        if not semicolon:
            message, fix = text, f"write for example `{_EXAMPLES[name]}`" if name in _EXAMPLES else "mend it"
        return f"is refused: {message}", fix
    if kind == "string_pattern_mismatch":
        return "has characters or a form it cannot have", f"it must match {context['pattern']}"
    if kind == "string_too_short":
        return "is empty", "write something there"
    if kind == "too_short":
        lacking = "is empty" if context["actual_length"] == 0 else "is too short"
        return lacking, f"write at least {context['min_length']}"
    # pydantic's own sentence ("Input should be greater than 0"), led into ours.
    return "is refused: " + detail["msg"].removeprefix("Input ").strip(), "write a value in that range"


def _spelling(name: str, known: Iterable[str]) -> str:
    if name in set(known):
        return "it belongs elsewhere; remove it here"
    close = get_close_matches(name, sorted(set(known)), n=1, cutoff=0.7)
    return f'did you mean "{close[0]}"?' if close else "remove it"


def _field_names(model: type[BaseModel]) -> set[str]:
    names: set[str] = set()
    _collect(model.model_json_schema(), names)
    return names


def _collect(schema: Any, names: set[str]) -> None:
    if isinstance(schema, Mapping):
        properties = schema.get("properties")
        if isinstance(properties, Mapping):
            names.update(properties)
        for part in schema.values():
            _collect(part, names)
    elif isinstance(schema, list):
        for part in schema:
            _collect(part, names)
