"""
A small, honest part of JQL: what it does not know is an error, so no query is ever answered with too much.

``project``, ``key``, ``id``, ``type``, ``sprint`` with ``=`` and ``in``; ``filter`` with ``=``; ``statusCategory`` with
``=`` and ``!=``; ``updated`` and ``created`` with ``>= > <= <`` and epoch milliseconds or a quoted minute in the zone
of the account; ``AND``, ``OR`` and parentheses; ``ORDER BY`` updated, created, key, id.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, TypeAlias

from okrsync.sandbox.tracker_data import RawObject

SortKey: TypeAlias = tuple[Any, ...]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CANONICAL = {"issuekey": "key", "issue": "key", "id": "key", "issuetype": "type"}
_DATES = ("updated", "created")
_DEEPEST = 20
_OPERATORS = {
    "project": ("=", "in"),
    "key": ("=", "in"),
    "type": ("=", "in"),
    "sprint": ("=", "in"),
    "statuscategory": ("=", "!="),
    "filter": ("=",),
    "updated": (">=", ">", "<=", "<"),
    "created": (">=", ">", "<=", "<"),
}
_COMPARE: Mapping[str, Callable[[int, int], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}
_STATUS_CATEGORIES = {
    "new": ("new", "to do", "2"),
    "indeterminate": ("indeterminate", "in progress", "4"),
    "done": ("done", "3"),
}
_ORDERS = ("updated", "created", "key", "id")
_TOKEN = re.compile(
    r"""\s*(?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'|(?P<sign>>=|<=|!=|[=<>(),])"""
    r"""|(?P<word>[^\s"'=<>!(),]+))"""
)
_LEGACY_SPRINT = re.compile(r"com\.atlassian\.greenhopper\.service\.sprint\.Sprint@[^\[]*\[(.*)\]", re.DOTALL)


class JqlError(Exception):
    """The query is wrong, or outside the part that is served; the text is for ``errorMessages``."""


@dataclass(frozen=True, slots=True)
class Row:
    """One issue as JQL sees it; *words* holds, by clause, all lower-case values that name the issue."""

    raw: RawObject
    number: int
    updated: int
    created: int
    key: tuple[str, int]
    words: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, raw: RawObject, sprint_fields: Collection[str]) -> Row:
        """
        Read *raw*, an issue with ``updated`` and ``created``; *sprint_fields* are the ids of its sprint fields.

        Raises:
            KeyError, ValueError: the issue lacks a field that every Jira issue has.
        """
        fields = raw["fields"]
        project, _, number = raw["key"].rpartition("-")
        status = fields.get("status") or {}
        words = {
            "project": _names(fields.get("project")) | {project.lower()},
            "key": frozenset({raw["key"].lower(), str(raw["id"])}),
            "type": _names(fields.get("issuetype")),
            "statuscategory": frozenset({str((status.get("statusCategory") or {}).get("key", "")).lower()}),
            "sprint": frozenset().union(*(_names(each) for each in sprints(fields, sprint_fields))),
        }
        return cls(
            raw,
            int(raw["id"]),
            milliseconds(datetime.fromisoformat(fields["updated"])),
            milliseconds(datetime.fromisoformat(fields["created"])),
            (project, int(number)),
            words,
        )


@dataclass(frozen=True, slots=True)
class Membership:
    """The issue has (or, when *negated*, has not) one of the *values* in the clause *field*."""

    field: str
    values: tuple[str, ...]
    negated: bool = False

    def matches(self, row: Row) -> bool:
        """Say whether *row* is one of those asked for."""
        return row.words[self.field].isdisjoint(self.wanted()) == self.negated

    def wanted(self) -> frozenset[str]:
        """Return the values as ``Row.words`` has them."""
        return frozenset(value.lower() for value in self.values)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The issue was updated or created before or after an instant, in epoch milliseconds."""

    sign: str
    instant: int
    field: str = "updated"

    def matches(self, row: Row) -> bool:
        """Say whether *row* is one of those asked for."""
        return _COMPARE[self.sign](row.updated if self.field == "updated" else row.created, self.instant)


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one of *conditions* is met."""

    conditions: tuple[Condition, ...]

    def matches(self, row: Row) -> bool:
        """Say whether *row* is one of those asked for."""
        return all(condition.matches(row) for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of *conditions* is met."""

    conditions: tuple[Condition, ...]

    def matches(self, row: Row) -> bool:
        """Say whether *row* is one of those asked for."""
        return any(condition.matches(row) for condition in self.conditions)


Condition: TypeAlias = Membership | Comparison | AllOf | AnyOf


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a site's queries may name: its *filters* by id, the account's *zone*, and times as milliseconds or not."""

    filters: Mapping[str, str] = field(default_factory=dict)
    zone: tzinfo = UTC
    takes_milliseconds: bool = True


@dataclass(frozen=True, slots=True)
class JqlQuery:
    """A parsed query; *conditions* must all be met, *order* holds clauses with whether they descend."""

    conditions: tuple[Condition, ...]
    order: tuple[tuple[str, bool], ...]

    def matches(self, row: Row) -> bool:
        """Say whether *row* meets every condition."""
        return all(condition.matches(row) for condition in self.conditions)

    def sort_key(self, row: Row) -> SortKey:
        """Return what to sort *row* by; equal rows, and all rows without an order, go by id."""
        values = {"updated": row.updated, "created": row.created, "key": row.key, "id": row.number}
        ordered = [_Descending(values[name]) if descends else values[name] for name, descends in self.order]
        return (*ordered, row.number)

    def select(self, rows: Sequence[Row]) -> list[Row]:
        """Return the rows that match, in order."""
        return sorted((row for row in rows if self.matches(row)), key=self.sort_key)

    def values_of(self, field: str) -> Iterator[str]:
        """Yield the values asked for in the clause *field*, as they were written."""
        for condition in _flat(self.conditions):
            if isinstance(condition, Membership) and condition.field == field:
                yield from condition.values

    def bound(self, field: str) -> frozenset[str]:
        """Return the values of *field* that every found row has one of; empty where the query leaves that open."""
        bounds = (each for each in self.conditions if isinstance(each, Membership) and each.field == field)
        return next((each.wanted() for each in bounds if not each.negated), frozenset())


def parse(text: str, dialect: Dialect | None = None) -> JqlQuery:
    """
    Read *text*, which may be empty.

    Raises:
        JqlError: the query is wrong, or outside the part that is served.
    """
    return _Parser(text, dialect or Dialect()).query()


def _flat(conditions: Sequence[Condition]) -> Iterator[Condition]:
    for condition in conditions:
        if isinstance(condition, AllOf | AnyOf):
            yield from _flat(condition.conditions)
        else:
            yield condition


def milliseconds(at: datetime) -> int:
    """Return the aware time *at* in whole milliseconds of the epoch."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def sprints(fields: RawObject, sprint_fields: Collection[str]) -> Iterator[RawObject]:
    """Yield the sprints of an issue with ``id`` and ``name``, whether kept as objects or as old strings."""
    for name in sprint_fields:
        for value in fields.get(name) or ():
            if isinstance(value, dict):
                yield value
            elif isinstance(value, str) and (found := _LEGACY_SPRINT.match(value)):
                yield dict(part.partition("=")[::2] for part in found[1].split(",") if "=" in part)


@dataclass(frozen=True, slots=True)
class _Descending:
    """A sort value turned round."""

    value: Any

    def __lt__(self, other: _Descending) -> bool:
        return bool(other.value < self.value)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    quoted: bool

    def says(self, *words: str) -> bool:
        return not self.quoted and self.text.lower() in words


class _Parser:
    """Reads the tokens once, from left to right."""

    def __init__(self, text: str, dialect: Dialect, depth: int = 0) -> None:
        self._tokens = list(_tokens(text))
        self._position = 0
        self._dialect = dialect
        self._depth = depth

    def query(self) -> JqlQuery:
        conditions: tuple[Condition, ...] = ()
        if self._tokens and not self._next_says("order"):
            found = self._any_of()
            conditions = found.conditions if isinstance(found, AllOf) else (found,)
        order = self._order() if self._skip("order") else ()
        if self._position < len(self._tokens):
            raise self._unexpected()
        return JqlQuery(conditions, order)

    def _any_of(self) -> Condition:
        found = [self._all_of()]
        while self._skip("or"):
            found.append(self._all_of())
        return found[0] if len(found) == 1 else AnyOf(tuple(found))

    def _all_of(self) -> Condition:
        found = [self._term()]
        while self._skip("and"):
            found.append(self._term())
        # What a bracket or a filter holds stands beside the rest, so that an index can be used for it.
        flat = [part for each in found for part in (each.conditions if isinstance(each, AllOf) else (each,))]
        return flat[0] if len(flat) == 1 else AllOf(tuple(flat))

    def _term(self) -> Condition:
        if not self._skip("("):
            return self._condition()
        self._deeper()
        inside = self._any_of()
        self._expect(")")
        self._depth -= 1
        return inside

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise JqlError("Error in the JQL Query: it is nested too deeply.")

    def _condition(self) -> Condition:
        written = self._take()
        field = _CANONICAL.get(written.text.lower(), written.text.lower())
        if written.quoted or field not in _OPERATORS:
            raise JqlError(f"Field '{written.text}' does not exist or you do not have permission to view it.")
        sign = self._take().text.lower()
        if sign not in _OPERATORS[field]:
            raise JqlError(f"The operator '{sign}' is not supported by the '{written.text}' field.")
        if field in _DATES:
            return Comparison(sign, _instant(self._take(), field, self._dialect), field)
        if field == "filter":
            return self._filter(self._value())
        values = tuple(self._list()) if sign == "in" else (self._value(),)
        if field == "statuscategory":
            values = tuple(_status_category(value) for value in values)
        return Membership(field, values, negated=sign == "!=")

    def _filter(self, number: str) -> Condition:
        if number not in self._dialect.filters:
            raise JqlError(f"A value with ID '{number}' does not exist for the field 'filter'.")
        self._deeper()
        # Its order does not count where it is part of another query.
        saved = _Parser(self._dialect.filters[number], self._dialect, self._depth).query()
        self._depth -= 1
        return AllOf(saved.conditions)

    def _list(self) -> Iterator[str]:
        self._expect("(")
        yield self._value()
        while self._skip(","):
            yield self._value()
        self._expect(")")

    def _order(self) -> tuple[tuple[str, bool], ...]:
        self._expect("by")
        order = [self._ordering()]
        while self._skip(","):
            order.append(self._ordering())
        return tuple(order)

    def _ordering(self) -> tuple[str, bool]:
        written = self._take()
        name = "key" if written.text.lower() in {"issuekey", "issue"} else written.text.lower()
        if written.quoted or name not in _ORDERS:
            raise JqlError(f"Not able to sort using field '{written.text}'.")
        if self._skip("desc"):
            return name, True
        self._skip("asc")
        return name, False

    def _value(self) -> str:
        token = self._take()
        if not token.quoted and (
            token.says("and", "or", "not", "in", "order", "empty", "null") or token.text in "=<>(),"
        ):
            self._position -= 1
            raise self._unexpected()
        return token.text

    def _take(self) -> _Token:
        if self._position == len(self._tokens):
            raise self._unexpected()
        self._position += 1
        return self._tokens[self._position - 1]

    def _next_says(self, word: str) -> bool:
        return self._position < len(self._tokens) and self._tokens[self._position].says(word)

    def _skip(self, word: str) -> bool:
        found = self._next_says(word)
        self._position += found
        return found

    def _expect(self, word: str) -> None:
        if not self._skip(word):
            raise self._unexpected(word)

    def _unexpected(self, expected: str = "") -> JqlError:
        hint = f" Expecting '{expected}'." if expected else ""
        if self._position == len(self._tokens):
            return JqlError(f"Error in the JQL Query: the query ends too early.{hint}")
        return JqlError(f"Error in the JQL Query: '{self._tokens[self._position].text}' is not served here.{hint}")


def _tokens(text: str) -> Iterator[_Token]:
    text = text.rstrip()
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise JqlError(f"Error in the JQL Query: the character at position {position} is not served here.")
        position = found.end()
        quoted = found["double"] if found["double"] is not None else found["single"]
        if quoted is not None:
            yield _Token(re.sub(r"\\(.)", r"\1", quoted), quoted=True)
        else:
            yield _Token(found["sign"] or found["word"], quoted=False)


def _instant(token: _Token, field: str, dialect: Dialect) -> int:
    if not token.quoted and token.text.isdecimal() and dialect.takes_milliseconds:
        return int(token.text)
    if token.quoted:
        for form in ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d"):
            try:
                return milliseconds(datetime.strptime(token.text, form).replace(tzinfo=dialect.zone))
            except (ValueError, OverflowError):
                continue
    raise JqlError(
        f"Date value '{token.text}' for field '{field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
        "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd'; epoch milliseconds are not quoted."
    )


def _status_category(value: str) -> str:
    for key, names in _STATUS_CATEGORIES.items():
        if value.lower() in names:
            return key
    raise JqlError(f"The value '{value}' does not exist for the field 'statusCategory'.")


def _names(named: RawObject | None) -> frozenset[str]:
    return frozenset(str(named[part]).lower() for part in ("id", "key", "name") if named and part in named)
