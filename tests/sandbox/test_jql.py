"""The part of JQL that the Jira site serves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.sandbox.jql import Dialect, JqlError, Row, milliseconds, parse

START = datetime(2026, 1, 2, 3, 0, tzinfo=UTC)


def row(key: str, number: int, minutes: float, **fields: Any) -> Row:
    at = (START + timedelta(minutes=minutes)).isoformat()
    stored = {"created": at, "updated": at, "status": {"statusCategory": {"key": "new"}}} | fields
    return Row.of({"id": str(number), "key": key, "fields": stored}, ["customfield_1"])


ROWS = [
    row("A-2", 12, 0, issuetype={"id": "7", "name": "Bug"}, project={"id": "100", "key": "A", "name": "Alpha Team"}),
    row("A-10", 13, 1, issuetype={"id": "8", "name": "User Story"}, customfield_1=[{"id": 5, "name": "Sprint 5"}]),
    row("B-1", 11, 2, status={"statusCategory": {"key": "done"}}),
    row("B-3", 14, 3, customfield_1=["com.atlassian.greenhopper.service.sprint.Sprint@1f[id=6,name=Old six,goal=]"]),
]


def found(text: str) -> list[str]:
    return [each.raw["key"] for each in parse(text).select(ROWS)]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", ["B-1", "A-2", "A-10", "B-3"]),
        ("project = A", ["A-2", "A-10"]),
        ("project = 'alpha team'", ["A-2"]),
        ('project in (b, "A") AND updated >= "2026-01-02 03:01"', ["B-1", "A-10", "B-3"]),
        ('updated > "2026-01-02 03:01"', ["B-1", "B-3"]),
        ('updated <= "2026/01/02 03:01"', ["A-2", "A-10"]),
        ('updated < "2026-01-02 03:01"', ["A-2"]),
        ('updated >= "2026-01-03"', []),
        ("key = a-10", ["A-10"]),
        ("issuekey in (A-2, B-3)", ["A-2", "B-3"]),
        ("id in (11, 14)", ["B-1", "B-3"]),
        ("id = 11", ["B-1"]),
        ("type = Bug", ["A-2"]),
        ('issuetype in (Bug, "User Story")', ["A-2", "A-10"]),
        ("statusCategory = Done", ["B-1"]),
        ('statusCategory != done AND statusCategory = "To Do"', ["A-2", "A-10", "B-3"]),
        ("sprint = 5", ["A-10"]),
        ('sprint in (5, "Old six")', ["A-10", "B-3"]),
        ("project = A and type = Bug order by key", ["A-2"]),
        ("project = B OR key = A-10", ["B-1", "A-10", "B-3"]),
        ("type = Bug OR project = B AND statusCategory = done", ["B-1", "A-2"]),
        ("(type = Bug OR project = B) AND statusCategory = done", ["B-1"]),
        ("((project = A)) AND (key = A-2)", ["A-2"]),
        ('created >= "2026-01-02 03:02"', ["B-1", "B-3"]),
    ],
)
def test_a_query_finds_what_it_asks_for_and_no_more(text: str, keys: list[str]) -> None:
    assert found(text) == keys


FILTERS = {"1": "project = A OR key = B-3 ORDER BY key DESC", "2": "filter = 1 AND sprint = 5", "3": "filter = 3"}


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("filter = 1", ["A-2", "A-10", "B-3"]),
        ("filter = 1 AND statusCategory != done ORDER BY key DESC", ["B-3", "A-10", "A-2"]),
        ("filter = 2", ["A-10"]),
    ],
)
def test_a_filter_stands_for_its_query_without_its_order(text: str, keys: list[str]) -> None:
    assert [each.raw["key"] for each in parse(text, Dialect(FILTERS)).select(ROWS)] == keys


def test_a_filter_of_itself_is_an_error() -> None:
    with pytest.raises(JqlError, match="nested too deeply"):
        parse("filter = 3", Dialect(FILTERS))


def test_quoted_minutes_are_of_the_accounts_zone() -> None:
    dialect = Dialect(zone=timezone(timedelta(hours=14)))

    assert [each.raw["key"] for each in parse('updated >= "2026/01/02 17:02"', dialect).select(ROWS)] == ["B-1", "B-3"]


def test_an_old_server_takes_no_milliseconds() -> None:
    with pytest.raises(JqlError, match="Date value '1767322800000'"):
        parse("updated >= 1767322800000", Dialect(takes_milliseconds=False))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("(project = A) AND type = Bug", {"a"}),
        ("project in (A, B)", {"a", "b"}),
        ("project = A OR type = Bug", set()),
        ("type = Bug", set()),
    ],
)
def test_a_query_says_which_values_bound_it(text: str, words: set[str]) -> None:
    assert parse(text).bound("project") == words


def test_unquoted_milliseconds_are_exact() -> None:
    second = milliseconds(START + timedelta(minutes=1))

    assert found(f"updated >= {second}") == ["B-1", "A-10", "B-3"]
    assert found(f"updated >= {second + 1}") == ["B-1", "B-3"]
    assert found(f"updated < {second}") == ["A-2"]


@pytest.mark.parametrize(
    ("order", "keys"),
    [
        ("key ASC", ["A-2", "A-10", "B-1", "B-3"]),
        ("issuekey DESC", ["B-3", "B-1", "A-10", "A-2"]),
        ("id", ["B-1", "A-2", "A-10", "B-3"]),
        ("updated DESC, key ASC", ["B-3", "B-1", "A-10", "A-2"]),
        ("created", ["A-2", "A-10", "B-1", "B-3"]),
    ],
)
def test_keys_order_by_number_within_a_project(order: str, keys: list[str]) -> None:
    assert found(f"ORDER BY {order}") == keys


def test_a_second_order_decides_where_the_first_is_equal() -> None:
    same = [row("A-1", 3, 0), row("A-2", 2, 0), row("A-3", 1, 9)]

    assert [each.number for each in parse("ORDER BY updated DESC, key DESC").select(same)] == [1, 2, 3]
    assert [each.number for each in parse("ORDER BY updated ASC").select(same)] == [2, 3, 1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("assignee = me", "Field 'assignee' does not exist"),
        ('"Epic Link" = A-1', "Field 'Epic Link' does not exist"),
        ("project = A OR", "ends too early"),
        ("(project = A", "Expecting ')'"),
        ("()", "Field ')' does not exist"),
        ("(" * 30 + "project = A", "nested too deeply"),
        ("filter = 9", "A value with ID '9' does not exist for the field 'filter'"),
        ("NOT project = A", "Field 'NOT' does not exist"),
        ("project != A", "operator '!=' is not supported by the 'project' field"),
        ("project not in (A)", "operator 'not' is not supported"),
        ("statusCategory in (Done)", "operator 'in' is not supported"),
        ("statusCategory = Fertig", "The value 'Fertig' does not exist for the field 'statusCategory'"),
        ("project = ", "ends too early"),
        ("project in (A", "ends too early"),
        ("project in A", "Expecting '('"),
        ("project = A AND", "ends too early"),
        ("project = AND", "'AND' is not served here"),
        ("project = A B", "'B' is not served here"),
        ("updated >= -1d", "Date value '-1d'"),
        ("updated >= startOfDay()", "Date value 'startOfDay'"),
        ('updated >= "1767322800000"', "Date value '1767322800000'"),
        ('updated = "2026-01-02"', "operator '=' is not supported"),
        ('project = "A', "character at position 9"),
        ("ORDER BY rank", "Not able to sort using field 'rank'"),
        ("ORDER updated", "Expecting 'by'"),
        ("ORDER BY updated ASC AND project = A", "'AND' is not served here"),
    ],
)
def test_what_is_not_served_is_an_error_that_says_what(text: str, said: str) -> None:
    with pytest.raises(JqlError) as raised:
        parse(text)

    assert said in str(raised.value)


def test_a_quote_inside_a_value_is_escaped() -> None:
    assert list(parse(r'project = "a \"b\""').values_of("project")) == ['a "b"']


@given(st.text(max_size=60))
def test_no_text_is_read_into_anything_but_a_query_or_an_error(text: str) -> None:
    try:
        query = parse(text)
    except JqlError:
        return
    assert query.conditions or query.order or not text.strip()


def test_an_issue_without_a_time_is_an_error() -> None:
    with pytest.raises(KeyError):
        Row.of({"id": "1", "key": "A-1", "fields": {}}, [])
