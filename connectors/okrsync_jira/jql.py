"""What a source reads, as conditions of JQL, and the dates that are put beside them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from okrsync.plugins.connector import Partition
from okrsync_jira.client import epoch_milliseconds
from okrsync_jira.settings import JiraSettings

QUERY = "jql"
_BOARD = "board/"
# Quoted dates are read in the zone of the account's profile, which may be any: fourteen hours ahead to twelve behind.
_ANY_ZONE = timedelta(hours=26)


def partitions(settings: JiraSettings) -> list[Partition]:
    """One a project; a query or a board is one as a whole."""
    if settings.jql:
        return [Partition(QUERY)]
    if settings.board:
        return [Partition(f"{_BOARD}{settings.board}")]
    return [Partition(key) for key in dict.fromkeys(key.upper() for key in settings.projects)]


def condition(settings: JiraSettings, partition: Partition, filter_id: str) -> str:
    """The JQL that finds *partition*; *filter_id* is that of its board."""
    if partition.id == QUERY:
        return f"({settings.jql})"
    # The filter, not the board's own list of issues: that one hides what was released, which is what was delivered.
    return f"filter = {filter_id}" if partition.id.startswith(_BOARD) else f'project = "{partition.id}"'


def changed_since(found: str, since: datetime | None, *, quoted: bool = False) -> str:
    """*found*, updated at or after *since*, in the order in which it changed; *quoted*: a day or more too much."""
    return f"{found}{_at_or_after('updated', since, quoted=quoted)} ORDER BY updated ASC, key ASC"


def created_since(found: str, since: datetime | None) -> str:
    """*found*, created at or after *since*, in the order in which it came."""
    return f"{found}{_at_or_after('created', since, quoted=False)} ORDER BY created ASC, key ASC"


def _at_or_after(field: str, since: datetime | None, *, quoted: bool) -> str:
    if since is None:
        return ""
    if quoted:
        return f' AND {field} >= "{(since.astimezone(UTC) - _ANY_ZONE):%Y/%m/%d %H:%M}"'
    # JQL reads dates in the account's time zone; epoch milliseconds have none.
    return f" AND {field} >= {epoch_milliseconds(since)}"
