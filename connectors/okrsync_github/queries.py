"""
The GraphQL operations, as text. None of them names a person.

Apart from what sends them, so that a test can hold them against GitHub's published schema.
"""

from __future__ import annotations

from enum import IntEnum


class QueryLevel(IntEnum):
    """How much a server understands or allows; each level leaves out what the one before it was refused for."""

    FULL = 0
    WITHOUT_PROJECTS = 1
    """The token may not read projects, or the server has none."""
    LEAN = 2
    """The server knows no parents either."""
    NONE = 3
    """The server has no GraphQL."""


_REFERENCE = "number repository { nameWithOwner }"
_PAGE = "pageInfo { hasNextPage endCursor }"

_EVENTS = (
    "__typename"
    " ... on ClosedEvent { id createdAt stateReason }"
    " ... on ReopenedEvent { id createdAt }"
    " ... on LabeledEvent { id createdAt label { name } }"
    " ... on UnlabeledEvent { id createdAt label { name } }"
    " ... on MilestonedEvent { id createdAt milestoneTitle }"
    " ... on DemilestonedEvent { id createdAt milestoneTitle }"
    " ... on CrossReferencedEvent { id createdAt"
    f" source {{ __typename ... on Issue {{ {_REFERENCE} }} ... on PullRequest {{ {_REFERENCE} }} }} }}"
)
_ISSUE_EVENTS = " ... on TransferredEvent { id createdAt fromRepository { nameWithOwner } }"
_PARENT_EVENTS = (
    f" ... on ParentIssueAddedEvent {{ id createdAt parent {{ {_REFERENCE} }} }}"
    f" ... on ParentIssueRemovedEvent {{ id createdAt parent {{ {_REFERENCE} }} }}"
)
_PULL_EVENTS = " ... on MergedEvent { id createdAt }"

_COMMON_TYPES = (
    "CLOSED_EVENT REOPENED_EVENT LABELED_EVENT UNLABELED_EVENT MILESTONED_EVENT DEMILESTONED_EVENT"
    " CROSS_REFERENCED_EVENT"
)
_ISSUE_TYPES = f"{_COMMON_TYPES} TRANSFERRED_EVENT"
_PARENT_TYPES = "PARENT_ISSUE_ADDED_EVENT PARENT_ISSUE_REMOVED_EVENT"
_PULL_TYPES = f"{_COMMON_TYPES} MERGED_EVENT"

_FIELD = "field { ... on ProjectV2FieldCommon { id name } }"
_PROJECT_ITEMS = (
    "projectItems(first: 5, includeArchived: true) { nodes { id updatedAt isArchived"
    " project { number title url }"
    " fieldValues(first: 20) { nodes { __typename"
    f" ... on ProjectV2ItemFieldIterationValue {{ iterationId title startDate duration {_FIELD} }}"
    f" ... on ProjectV2ItemFieldNumberValue {{ number {_FIELD} }}"
    f" ... on ProjectV2ItemFieldSingleSelectValue {{ name optionId updatedAt {_FIELD} }}"
    f" ... on ProjectV2ItemFieldTextValue {{ text {_FIELD} }}"
    f" ... on ProjectV2ItemFieldDateValue {{ date {_FIELD} }}"
    " } } } }"
)


def details(level: QueryLevel) -> str:
    """
    Everything that the issue list lacks, of up to twice 100 nodes, in their order; and the repository's milestones.

    Milestone events tell a title only, so the milestones that have these titles come along.
    """
    return (
        "query Details($ids0: [ID!]!, $ids1: [ID!]!, $owner: String!, $name: String!) {"
        " part0: nodes(ids: $ids0) { ...Details } part1: nodes(ids: $ids1) { ...Details }"
        " repository(owner: $owner, name: $name) {"
        " milestones(first: 100, orderBy: {field: NUMBER, direction: DESC}) { nodes { number title } } } }"
        " fragment Details on Node { __typename id"
        f" ... on Issue {{ {_of_issue(level)} {_timeline(level, 'Issue', 50)} }}"
        " ... on PullRequest { headRefName"
        f" closingIssuesReferences(first: 20) {{ nodes {{ {_REFERENCE} }} }}"
        f" {_PROJECT_ITEMS if level is QueryLevel.FULL else ''} {_timeline(level, 'PullRequest', 50)} }} }}"
    )


def timeline(level: QueryLevel) -> str:
    """The events of one node behind a cursor."""
    return (
        "query Timeline($id: ID!, $after: String) { node(id: $id) { __typename"
        f" ... on Issue {{ {_timeline(level, 'Issue', 100, ', after: $after')} }}"
        f" ... on PullRequest {{ {_timeline(level, 'PullRequest', 100, ', after: $after')} }} }} }}"
    )


def _of_issue(level: QueryLevel) -> str:
    parent = f"parent {{ {_REFERENCE} }}" if level < QueryLevel.LEAN else ""
    return f"{parent} {_PROJECT_ITEMS if level is QueryLevel.FULL else ''}"


def _timeline(level: QueryLevel, kind: str, first: int, after: str = "") -> str:
    if kind == "PullRequest":
        types, events = _PULL_TYPES, f"{_EVENTS}{_PULL_EVENTS}"
    else:
        types, events = _ISSUE_TYPES, f"{_EVENTS}{_ISSUE_EVENTS}"
        if level < QueryLevel.LEAN:
            types, events = f"{types} {_PARENT_TYPES}", f"{events}{_PARENT_EVENTS}"
    return f"timelineItems(first: {first}{after}, itemTypes: [{types}]) {{ nodes {{ {events} }} {_PAGE} }}"


_ITERATIONS = "{ id title startDate duration }"

PROJECT = (
    "query Project($owner: String!, $number: Int!) { repositoryOwner(login: $owner) { ... on ProjectV2Owner {"
    " projectV2(number: $number) { id number title url updatedAt"
    " fields(first: 50) { nodes { ... on ProjectV2IterationField { id name"
    f" configuration {{ iterations {_ITERATIONS} completedIterations {_ITERATIONS} }} }} }} }} }} }} }} }}"
)
"""A project's iterations, and when anything on it last changed."""

PROJECT_ITEMS = (
    "query ProjectItems($id: ID!, $first: Int!, $after: String) { node(id: $id) { ... on ProjectV2 {"
    " items(first: $first, after: $after) { nodes { id updatedAt content { __typename"
    f" ... on Issue {{ fullDatabaseId {_REFERENCE} }} ... on PullRequest {{ {_REFERENCE} }} }} }}"
    f" {_PAGE} }} }} }} }}"
)
"""When each item of a project last changed there; a project cannot be asked for what changed since."""

TOTALS = (
    "query Totals($owner: String!, $name: String!) { repository(owner: $owner, name: $name) {"
    " issues { totalCount } pullRequests { totalCount } } }"
)
"""How many issues and pull requests a repository has."""

DEPLOYMENTS = (
    "query Deployments($owner: String!, $name: String!, $environments: [String!], $before: String) {"
    " repository(owner: $owner, name: $name) { deployments(last: 100, before: $before, environments: $environments,"
    " orderBy: {field: CREATED_AT, direction: ASC}) { nodes { createdAt state"
    " statuses(first: 100) { nodes { state createdAt } } }"
    " pageInfo { hasPreviousPage startCursor } } } }"
)
"""Deployments to an environment, the newest hundred first."""
