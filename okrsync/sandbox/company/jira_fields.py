"""Jira's own tables for the company: fields, issue types, statuses, resolutions, boards and sprints."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from okrsync.sandbox.company.calendar import Sprint, sprints
from okrsync.sandbox.tracker_data import JiraKind, RawObject

TEAM: Final = "customfield_10001"
EPIC_LINK: Final = "customfield_10014"
ESTIMATE: Final = "customfield_10016"
SPRINT: Final = "customfield_10020"
STORY_POINTS: Final = "customfield_10024"

TEAM_IDS: Final = {
    "checkout": "36885b3c-0000-4000-8000-000000000001",
    "growth": "36885b3c-0000-4000-8000-000000000002",
    "platform": "36885b3c-0000-4000-8000-000000000003",
}
PROJECTS: Final = {"PAY": ("10100", "Checkout and payments"), "GRO": ("10101", "Growth")}
# Name, id, is a sub-task, level.
ISSUE_TYPES: Final = {
    "epic": ("Epic", "10000", False, 1),
    "story": ("Story", "10001", False, 0),
    "task": ("Task", "10002", False, 0),
    "spike": ("Task", "10002", False, 0),
    "subtask": ("Sub-task", "10003", True, -1),
    "bug": ("Bug", "10004", False, 0),
    "incident": ("Incident", "10005", False, 0),
}
_CATEGORIES: Final = {
    "new": (2, "To Do", "blue-gray"),
    "indeterminate": (4, "In Progress", "yellow"),
    "done": (3, "Done", "green"),
}
# Name to id and category.
STATUSES: Final = {
    "To Do": ("10010", "new"),
    "Selected": ("10011", "new"),
    "In Progress": ("10012", "indeterminate"),
    "In Review": ("10013", "indeterminate"),
    "Done": ("10014", "done"),
    "Closed": ("10015", "done"),
}
RESOLUTIONS: Final = {"Done": "10020", "Won't Do": "10021", "Duplicate": "10022"}

_STANDARD: Final = (
    ("summary", "Summary", "string"),
    ("description", "Description", "string"),
    ("issuetype", "Issue Type", "issuetype"),
    ("status", "Status", "status"),
    ("resolution", "Resolution", "resolution"),
    ("resolutiondate", "Resolved", "datetime"),
    ("statuscategorychangedate", "Status Category Changed", "datetime"),
    ("created", "Created", "datetime"),
    ("updated", "Updated", "datetime"),
    ("labels", "Labels", "array"),
    ("components", "Components", "array"),
    ("fixVersions", "Fix versions", "array"),
    ("parent", "Parent", "issuelink"),
    ("project", "Project", "project"),
    ("priority", "Priority", "priority"),
    ("assignee", "Assignee", "user"),
    ("reporter", "Reporter", "user"),
    ("creator", "Creator", "user"),
)
_CUSTOM: Final = (
    (TEAM, "Team", "team", "com.atlassian.teams:rm-teams-custom-field-team"),
    (EPIC_LINK, "Epic Link", "any", "com.pyxis.greenhopper.jira:gh-epic-link"),
    (ESTIMATE, "Story point estimate", "number", "com.pyxis.greenhopper.jira:jsw-story-points"),
    (SPRINT, "Sprint", "array", "com.pyxis.greenhopper.jira:gh-sprint"),
    (STORY_POINTS, "Story Points", "number", "com.atlassian.jira.plugin.system.customfieldtypes:float"),
)


def points_field(project: str, kind: JiraKind) -> str:
    """Return the field that holds a project's sizes: GRO is team-managed, which only Cloud knows."""
    return ESTIMATE if project == "GRO" and kind == "cloud" else STORY_POINTS


def catalogue(kind: JiraKind) -> list[RawObject]:
    """Return the field list as ``GET /field`` sends it."""
    found: list[RawObject] = []
    for key, name, shape in _STANDARD:
        if kind == "cloud" or key != "statuscategorychangedate":
            found.append(_field(key, name, {"type": shape, "system": key}))
    for key, name, shape, custom in _CUSTOM:
        if kind == "cloud" or key != ESTIMATE:
            found.append(_field(key, name, {"type": shape, "custom": custom, "customId": int(key.partition("_")[2])}))
    return found


def _field(key: str, name: str, schema: dict[str, Any]) -> RawObject:
    custom = "custom" in schema
    clauses = [f"cf[{schema['customId']}]", name] if custom else [key]
    return {
        "id": key,
        "key": key,
        "name": name,
        "custom": custom,
        "orderable": True,
        "navigable": True,
        "searchable": True,
        "clauseNames": clauses,
        "schema": schema,
    }


def status_object(api: str, name: str) -> RawObject:
    """Return a status with its category."""
    number, category = STATUSES[name]
    category_id, category_name, color = _CATEGORIES[category]
    return {
        "self": f"{api}/status/{number}",
        "description": "",
        "name": name,
        "id": number,
        "statusCategory": {
            "self": f"{api}/statuscategory/{category_id}",
            "id": category_id,
            "key": category,
            "colorName": color,
            "name": category_name,
        },
    }


def boards(base_url: str, kind: JiraKind) -> list[RawObject]:
    """Return one scrum board a project, with its configuration and its sprints."""
    return [_board(base_url, project, kind) for project in PROJECTS]


def _board(base_url: str, project: str, kind: JiraKind) -> RawObject:
    own = sprints(project)
    number, field = own[0].board, points_field(project, kind)
    project_id, project_name = PROJECTS[project]
    api = f"{base_url}/rest/agile/1.0/board/{number}"
    location = {"projectId": int(project_id), "projectKey": project, "projectName": project_name, "name": project_name}
    return {
        "id": number,
        "self": api,
        "name": f"{project} board",
        "type": "scrum",
        "location": location,
        "configuration": {
            "id": number,
            "name": f"{project} board",
            "type": "scrum",
            "self": f"{api}/configuration",
            "location": {"type": "project", "key": project, "id": project_id, "name": project_name},
            "filter": {"id": str(10200 + number), "self": f"{base_url}/rest/api/2/filter/{10200 + number}"},
            "columnConfig": {"columns": _columns(), "constraintType": "none"},
            "estimation": {
                "type": "field",
                "field": {"fieldId": field, "displayName": next(c[1] for c in _CUSTOM if c[0] == field)},
            },
            "ranking": {"rankCustomFieldId": 10019},
        },
        "sprints": [sprint_object(sprint, f"{base_url}/rest/agile/1.0/sprint/{sprint.id}") for sprint in own],
    }


def _columns() -> list[RawObject]:
    names = {"To do": ("To Do", "Selected"), "Doing": ("In Progress", "In Review"), "Done": ("Done", "Closed")}
    return [{"name": name, "statuses": [{"id": STATUSES[s][0]} for s in found]} for name, found in names.items()]


def sprint_object(sprint: Sprint, own_url: str | None = None) -> RawObject:
    """Return a sprint as the board lists it (with its own address), or as an issue's field holds it."""
    found: RawObject = {"id": sprint.id, "name": sprint.name, "state": sprint.state, "goal": ""}
    found["startDate"], found["endDate"] = _zulu(sprint.start), _zulu(sprint.end)
    if sprint.state == "closed":
        found["completeDate"] = _zulu(sprint.end)
    if own_url:
        return {**found, "self": own_url, "originBoardId": sprint.board}
    return {**found, "boardId": sprint.board}


def sprint_text(sprint: Sprint) -> str:
    """Return a sprint as Data Center writes it into an issue: the text of a Java object."""
    ended = _zulu(sprint.end) if sprint.state == "closed" else "<null>"
    return (
        f"com.atlassian.greenhopper.service.sprint.Sprint@{sprint.id:x}[id={sprint.id},rapidViewId={sprint.board},"
        f"state={sprint.state.upper()},name={sprint.name},startDate={_zulu(sprint.start)},endDate={_zulu(sprint.end)},"
        f"completeDate={ended},activatedDate={_zulu(sprint.start)},sequence={sprint.id},goal=]"
    )


def _zulu(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
