"""Metrics from JSON over HTTP: an expression picks the points out of the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

import orjson
from pydantic import AfterValidator, BaseModel, Field, model_validator

from okrsync.errors import MetricError, Problem
from okrsync.metrics.access import WebAccess, WebAddress, refuse_open_secrets
from okrsync.metrics.points import Points, plain
from okrsync.model.ledger import Observation
from okrsync.plugins.metric_source import MetricContext
from okrsync.plugins.origin import without_query

_EXAMPLE = "write for example data[].{date: day, value: count}"
_ABSENT = object()


def _expression(text: str) -> str:
    # Imported here, as below: only who uses it pays for it.
    import jmespath  # noqa: PLC0415
    from jmespath.exceptions import JMESPathError  # noqa: PLC0415

    try:
        jmespath.compile(text)
    except JMESPathError as error:
        reason = " ".join(str(error).split())[:120].replace(";", ",")
        raise ValueError(f"no JMESPath expression ({reason}); {_EXAMPLE}") from None
    return text


class WebSettings(WebAccess):
    """``source: {type: http, url: ..., jmespath: ...}``; *date*, *value* and *n* name fields of each point."""

    type: Literal["http"]
    url: WebAddress
    jmespath: Annotated[str, AfterValidator(_expression), Field(min_length=1)] = "@"
    date: Annotated[str, Field(min_length=1)] = "date"
    value: Annotated[str, Field(min_length=1)] = "value"
    n: str = ""

    @model_validator(mode="after")
    def _secrets_stay_secret(self) -> Self:
        refuse_open_secrets(self.url, self)
        return self


class WebSource:
    """Reads one metric out of one answer; an answer may well hold the last weeks only."""

    Settings: ClassVar[type[BaseModel]] = WebSettings
    is_window: ClassVar[bool] = True

    def read(self, metric: str, settings: Mapping[str, Any], context: MetricContext) -> Sequence[Observation]:
        """
        All points that the expression finds, ascending by day.

        Raises:
            MetricError: the answer is no JSON, the expression finds no list, or entries are no points: all of them.
            ConnectorError: the address could not be read.
        """
        from okrsync.metrics.http_client import fetch  # noqa: PLC0415 - imports an HTTP client

        checked = WebSettings.model_validate(settings)
        place = without_query(checked.url)
        body = fetch(checked.url, checked, context.folder)
        points = Points(metric, place, f"http:{place}"[:200], context.now, context.zone)
        for number, entry in enumerate(_entries(metric, checked, body, place), start=1):
            _take(points, f"entry {number}", entry, checked)
        return points.observations()


def json_of(metric: str, body: bytes, place: str) -> Any:
    """
    *body* as JSON; NaN is none.

    Raises:
        MetricError: it is none.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        what = "a page of HTML instead of JSON" if body.lstrip()[:1] == b"<" else "an answer that is not JSON"
        raise failure(metric, place, what, "check the url, and whether it needs a token") from None


def failure(metric: str, place: str, message: str, fix: str) -> MetricError:
    """The error for an answer as a whole."""
    return MetricError(metric, [Problem(place, 0, 0, message, fix)])


def _entries(metric: str, settings: WebSettings, body: bytes, place: str) -> list[Any]:
    import jmespath  # noqa: PLC0415
    from jmespath.exceptions import JMESPathError  # noqa: PLC0415

    document = json_of(metric, body, place)
    try:
        found = jmespath.search(settings.jmespath, document)
    except (JMESPathError, ValueError, TypeError) as error:
        fix = "mend the expression, or guard it with a filter"
        raise failure(metric, place, f"the expression fails on this answer ({type(error).__name__})", fix) from None
    if isinstance(found, list):
        return found
    if found is None:
        raise failure(metric, place, "the expression finds nothing in the answer", f"mend jmespath; {_hint(document)}")
    what = {dict: "an object", str: "a text", bool: "true or false"}.get(type(found), "a number")
    raise failure(metric, place, f"the expression gives {what} instead of a list", _EXAMPLE)


def _hint(document: Any) -> str:
    if isinstance(document, dict):
        return f"the answer has {plain(', '.join(map(str, document)) or 'no fields', 120)}"
    return "the answer is a list" if isinstance(document, list) else "the answer is no object or list"


def _take(points: Points, name: str, entry: Any, settings: WebSettings) -> None:
    if isinstance(entry, list):
        if 2 <= len(entry) <= 3:
            points.add(name, *entry)
        else:
            points.note(name, f"a list of {len(entry)}", "give [date, value] or [date, value, n]")
        return
    if not isinstance(entry, dict):
        points.note(name, "neither an object nor a pair", _EXAMPLE)
        return
    lacking = [field for field in (settings.date, settings.value) if entry.get(field, _ABSENT) is _ABSENT]
    for field in lacking:
        points.note(name, f'no field "{field}"', "name it with date: or value:, or rename it in the expression")
    if not lacking:
        points.add(name, entry[settings.date], entry[settings.value], entry.get(settings.n) if settings.n else None)
