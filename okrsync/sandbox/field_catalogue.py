"""The field catalogue of a Jira site that came without one: field kinds from the shapes of their values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from okrsync.sandbox.tracker_data import RawObject

SPRINT = "com.pyxis.greenhopper.jira:gh-sprint"
EPIC_LINK = "com.pyxis.greenhopper.jira:gh-epic-link"
_PLAIN = "com.atlassian.jira.plugin.system.customfieldtypes:"


class FieldCatalogue:
    """
    A field catalogue, as ``GET /field`` has it, guessed from the shapes of the values of *issues*.

    Names of custom fields say nothing: on real sites they are translated and doubled, so nobody may go by them.
    """

    def __init__(self, issues: Iterable[RawObject]) -> None:
        self._shapes: dict[str, set[str]] = {name: set() for name in _STANDARD}
        for issue in issues:
            self.see(issue)

    def see(self, issue: RawObject) -> None:
        """Take the fields of one more issue in."""
        for name, value in issue.get("fields", {}).items():
            seen = self._shapes.setdefault(name, set())
            if name.startswith("customfield_") and value not in (None, []):
                seen.add(_shape(value))

    def fields(self) -> list[RawObject]:
        """Return the catalogue, by field id; a field of several shapes, or of none, is a text field."""
        return [_field(name, self._shapes[name]) for name in sorted(self._shapes)]


_STANDARD: Mapping[str, str] = {
    "summary": "string",
    "description": "string",
    "environment": "string",
    "status": "status",
    "issuetype": "issuetype",
    "project": "project",
    "priority": "priority",
    "resolution": "resolution",
    "assignee": "user",
    "reporter": "user",
    "creator": "user",
    "created": "datetime",
    "updated": "datetime",
    "resolutiondate": "datetime",
    "statuscategorychangedate": "datetime",
    "lastViewed": "datetime",
    "duedate": "date",
    "labels": "array",
    "components": "array",
    "fixVersions": "array",
    "versions": "array",
    "subtasks": "array",
    "issuelinks": "array",
    "timespent": "number",
    "timeestimate": "number",
    "timeoriginalestimate": "number",
    "security": "securitylevel",
}
_SHAPES: Mapping[str, str] = {
    SPRINT: "array",
    EPIC_LINK: "any",
    _PLAIN + "float": "number",
    _PLAIN + "datetime": "datetime",
    _PLAIN + "datepicker": "date",
    _PLAIN + "select": "option",
    _PLAIN + "textfield": "string",
}
_TEXT_SHAPES = (
    (EPIC_LINK, re.compile(r"[A-Z][A-Z0-9_]+-\d+")),
    (_PLAIN + "datetime", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*")),
    (_PLAIN + "datepicker", re.compile(r"\d{4}-\d\d-\d\d")),
)


def _shape(value: Any) -> str:
    match value:
        case str():
            return next((custom for custom, form in _TEXT_SHAPES if form.fullmatch(value)), _PLAIN + "textfield")
        case bool():
            return _PLAIN + "textfield"
        case int() | float():
            return _PLAIN + "float"
        case {"value": _}:
            return _PLAIN + "select"
        case list() if any(_is_sprint(each) for each in value):
            return SPRINT
    return _PLAIN + "textfield"


def _is_sprint(value: Any) -> bool:
    if isinstance(value, str):
        return "com.atlassian.greenhopper.service.sprint.Sprint@" in value
    return (
        isinstance(value, dict)
        and {"id", "state", "name"} <= value.keys()
        and bool({"startDate", "boardId"} & value.keys())
    )


def _field(name: str, shapes: set[str]) -> RawObject:
    custom = name.startswith("customfield_")
    schema: RawObject = {"type": _STANDARD.get(name, "any"), "system": name}
    title, clauses = name, [name]
    if custom:
        shape = next(iter(shapes)) if len(shapes) == 1 else _PLAIN + "textfield"
        number = name.removeprefix("customfield_")
        title, clauses = f"Custom field {number}", [f"cf[{number}]"]
        schema = {"type": _SHAPES[shape], "custom": shape, "customId": int(number)}
    return {
        "id": name,
        "key": name,
        "name": title,
        "custom": custom,
        "orderable": True,
        "navigable": True,
        "searchable": True,
        "clauseNames": clauses,
        "schema": schema,
    }
