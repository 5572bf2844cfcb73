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
    timelines: dict[int, list[RawObject]] = field(default_factory=dict)
    """Events by number, as GraphQL tells them, with ``__typename``; of a number without any, they are made up."""
    parents: dict[int, str] = field(default_factory=dict)
    """Key of the parent (``owner/name#7``) by number, where the item does not carry its ``parent_issue_url``."""
    closes: dict[int, list[str]] = field(default_factory=dict)
    """Keys of the issues that a pull request is linked to, by its number."""
    releases: list[RawObject] = field(default_factory=list)
    deployments: list[RawObject] = field(default_factory=list)
    """As GraphQL tells them, oldest first, each with its ``environment`` and ``statuses`` (a plain list)."""
    topics: list[str] = field(default_factory=list)
    archived: bool = False
    disabled: bool = False


@dataclass(slots=True)
class GithubProject:
    """One project (v2) of an organisation; *updated_at* is of the project with everything on it."""

    owner: str
    number: int
    title: str
    updated_at: str
    fields: list[RawObject] = field(default_factory=list)
    """Iteration fields, as GraphQL tells them."""
    items: dict[str, RawObject] = field(default_factory=dict)
    """By key (``owner/name#12``): ``updatedAt``, ``isArchived`` and ``values``, a list as GraphQL tells them."""


@dataclass(slots=True)
class GithubData:
    """Everything the GitHub site serves."""

    repositories: list[GithubRepository] = field(default_factory=list)
    projects: list[GithubProject] = field(default_factory=list)


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
    filters: dict[str, str] = field(default_factory=dict)
    """Saved filters: JQL by id."""
    statuses: list[RawObject] | None = None
    """All statuses (``GET /status``); ``None``: those that the issues have."""
    time_zone: str = "UTC"
    """The zone of the account's profile, in which quoted dates of JQL are read."""
    refuses_milliseconds_with: int = 0
    """An old server's answer to JQL with epoch milliseconds: 400 or 500; 0 takes them."""
    has_software: bool = True
    """Whether Jira Software is there, with its boards; without it every agile path is unknown."""
    rights: list[str] = field(default_factory=lambda: ["BROWSE_PROJECTS"])
    """What the account may do, by the keys of Jira's permissions."""
