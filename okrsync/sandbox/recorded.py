"""
Reads recorded tracker items, one raw API object a line, onto the shelves that the sites serve.

Apart from the shelves, because a simulated company fills them without a file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from okrsync.sandbox.tracker_data import GithubRepository, RawObject

_GITHUB_KEYS = ("number", "title", "state", "created_at", "updated_at")
_JIRA_KEYS = ("key", "fields")
_JIRA_FIELDS = ("created", "updated")


def read_github(full_name: str, path: Path) -> GithubRepository:
    """
    Return the issues and pull requests of *path* as one repository named *full_name*.

    Its milestones are those that the items carry. Branches are known where an object carries its head (an issue list
    does not). Ids and addresses that an object lacks are made up from its number.

    Raises:
        OSError: the file cannot be read.
        ValueError: a line is not a raw GitHub item; the text names the file and the line.
    """
    issues: list[RawObject] = []
    for place, raw in _objects(path):
        _require(raw, _GITHUB_KEYS, place)
        listed = _as_listed(raw)
        issues.append({**_made_up(full_name, listed), **listed})
    branches = {raw["number"]: branch for raw in issues if (branch := _branch(raw))}
    return GithubRepository(full_name, issues, branches, _milestones(issues))


def read_jira(project: str, path: Path) -> list[RawObject]:
    """
    Return the issues of *path*; each belongs to the project of its own key, and at least one to *project*.

    Raises:
        OSError: the file cannot be read.
        ValueError: a line is not a raw Jira issue, or no issue is of *project*; the text names the file.
    """
    issues: list[RawObject] = []
    for place, raw in _objects(path):
        _require(raw, _JIRA_KEYS, place)
        fields = raw["fields"]
        _require(fields if isinstance(fields, dict) else {}, _JIRA_FIELDS, place)
        own, _, number = raw["key"].rpartition("-")
        issues.append({"id": str(_id_of(own, int(number) if number.isdigit() else 0)), **raw})
    if not any(raw["key"].rpartition("-")[0] == project for raw in issues):
        found = sorted({raw["key"].rpartition("-")[0] for raw in issues})
        message = f"{path}: no issue is of project {project!r}; the file has {', '.join(found) or 'none'}"
        raise ValueError(message)
    return issues


def _objects(path: Path) -> Iterator[tuple[str, RawObject]]:
    """Yield each object with its place, ``file:line``."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            place = f"{path}:{number}"
            try:
                raw = json.loads(line)
            except ValueError as error:
                message = f"{place}: not JSON: {error}"
                raise ValueError(message) from error
            if not isinstance(raw, dict):
                message = f"{place}: not a JSON object"
                raise ValueError(message)  # noqa: TRY004 - the file's text is wrong, not a caller's type
            yield place, raw


def _require(raw: RawObject, names: tuple[str, ...], place: str) -> None:
    missing = [name for name in names if name not in raw]
    if missing:
        message = f"{place}: a raw API object has {', '.join(map(repr, missing))}, and this one has not"
        raise ValueError(message)


def _made_up(full_name: str, raw: RawObject) -> RawObject:
    number = raw["number"]
    repository = f"https://api.github.com/repos/{full_name}"
    kind = "issues" if raw.get("pull_request") is None else "pull"
    return {
        "id": _id_of(full_name, number),
        "node_id": f"{full_name}#{number}",
        "url": f"{repository}/issues/{number}",
        "repository_url": repository,
        "html_url": f"https://github.com/{full_name}/{kind}/{number}",
    }


def _id_of(shelf: str, number: int) -> int:
    """An id for an object that has none: another one in every repository or project, the same every time."""
    return int.from_bytes(blake2b(shelf.casefold().encode(), digest_size=4).digest()) * 1_000_000 + number


def _as_listed(raw: RawObject) -> RawObject:
    """*raw* as the issue list has it, where the pull request list's own object was recorded."""
    if "merged_at" not in raw and "head" not in raw:
        return raw
    return {**raw, "pull_request": {"merged_at": raw.get("merged_at"), **(raw.get("pull_request") or {})}}


def _branch(raw: RawObject) -> str:
    """The head branch, where an object of the pull request list was recorded instead of one of the issue list."""
    for holder in (raw, raw.get("pull_request") or {}):
        head = holder.get("head")
        branch = head.get("ref") if isinstance(head, dict) else None
        if branch:
            return str(branch)
    return str(raw.get("head_ref") or raw.get("headRefName") or "")


def _milestones(issues: list[RawObject]) -> list[RawObject]:
    """Return each milestone once, by number, as the item that was updated last has it."""
    found: dict[int, RawObject] = {}
    for raw in sorted(issues, key=lambda each: str(each["updated_at"])):
        if raw.get("milestone"):
            found[raw["milestone"]["number"]] = raw["milestone"]
    return [found[number] for number in sorted(found)]
