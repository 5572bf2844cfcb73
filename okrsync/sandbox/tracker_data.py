"""
What a loopback site serves: raw API objects, as the real trackers send them.

Apart from the sites, so that the simulated company and recorded files fill the same shelves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

RawObject: TypeAlias = dict[str, Any]
JiraKind: TypeAlias = Literal["cloud", "datacenter"]


@dataclass(slots=True)
class GithubRepository:
    """One repository: *issues* holds issues and pull requests, as the REST issue list does."""

    full_name: str
    issues: list[RawObject]
    branches: dict[int, str] = field(default_factory=dict)
    """Head branch by pull request number; the REST issue list does not carry it."""
    milestones: list[RawObject] = field(default_factory=list)


@dataclass(slots=True)
class GithubData:
    """Everything the GitHub site serves."""

    repositories: list[GithubRepository] = field(default_factory=list)


@dataclass(slots=True)
class JiraData:
    """Everything the Jira site serves; an issue belongs to the project of its own key."""

    issues: list[RawObject] = field(default_factory=list)
    """Raw issues with all their fields; a ``changelog`` inside is served only where it is asked for."""
    fields: list[RawObject] | None = None
    """The field catalogue (``GET /field``); ``None``: inferred from the shapes of values."""
    boards: list[RawObject] = field(default_factory=list)
    """Agile boards; each carries its ``configuration`` and ``sprints``, which are served on their own paths."""
    kind: JiraKind = "cloud"
