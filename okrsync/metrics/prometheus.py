"""Metrics from Prometheus, or what answers like it: one query over a range of days."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import urlencode, urlsplit

from pydantic import AfterValidator, BaseModel, Field, model_validator

from okrsync.metrics.access import WebAccess, WebAddress, refuse_open_secrets
from okrsync.metrics.http_json import failure, json_of
from okrsync.metrics.points import Points, plain
from okrsync.model.ledger import Observation
from okrsync.plugins.metric_source import MetricContext
from okrsync.plugins.origin import without_query

_DAY_SECONDS = 86_400
# Weeks end on Sundays: steps are counted from a Monday, so that they stay where they are whenever they are asked for.
_ANCHOR = int(datetime(1970, 1, 5, tzinfo=UTC).timestamp())
# https://github.com/prometheus/prometheus/blob/main/web/api/v1/api.go: "exceeded maximum resolution of 11,000 points"
_MOST_POINTS = 11_000


def _base(url: str) -> str:
    parts = urlsplit(url)
    if parts.query or parts.fragment:
        raise ValueError("a Prometheus is named by its address; the query goes into query:")
    return url.rstrip("/")


class PrometheusSettings(WebAccess):
    """``source: {type: prometheus, url: ..., query: ...}``; *step* is in whole days or weeks."""

    type: Literal["prometheus"]
    url: Annotated[WebAddress, AfterValidator(_base)]
    query: Annotated[str, Field(min_length=1)]
    step: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,2}[dw]$")] = "1d"
    range_days: Annotated[int, Field(ge=1, le=_MOST_POINTS)] = 365

    @model_validator(mode="after")
    def _secrets_stay_secret(self) -> Self:
        refuse_open_secrets(self.url, self)
        return self

    @property
    def step_seconds(self) -> int:
        """The step in seconds."""
        return int(self.step[:-1]) * (7 if self.step.endswith("w") else 1) * _DAY_SECONDS


class PrometheusSource:
    """Reads one series; days are days of UTC, and each value is that of the day's end."""

    Settings: ClassVar[type[BaseModel]] = PrometheusSettings
    is_window: ClassVar[bool] = True

    def read(self, metric: str, settings: Mapping[str, Any], context: MetricContext) -> Sequence[Observation]:
        """
        The query's value at the end of each whole day (or last day of a step), ascending; NaN is missing.

        Raises:
            MetricError: not one series, or no answer of a Prometheus.
            ConnectorError: the address could not be read.
        """
        from okrsync.metrics.http_client import fetch  # noqa: PLC0415 - imports an HTTP client

        checked = PrometheusSettings.model_validate(settings)
        place = f"{without_query(checked.url)}/api/v1/query_range"
        asked = {"query": checked.query, **_range(checked, context.now)}
        body = fetch(f"{checked.url}/api/v1/query_range?{urlencode(asked)}", checked, context.folder)
        points = Points(metric, place, f"prometheus:{without_query(checked.url)}"[:200], context.now, context.zone)
        for number, (day, value) in enumerate(_pairs(metric, json_of(metric, body, place), place), start=1):
            points.add(f"value {number}", day, value)
        return points.observations()


def _range(settings: PrometheusSettings, now: datetime) -> dict[str, int]:
    step = settings.step_seconds
    end = int((now + timedelta(seconds=1)).timestamp())  # a pinned day ends one second before midnight
    end -= (end - _ANCHOR) % step
    return {"start": end - (settings.range_days * _DAY_SECONDS - 1) // step * step, "end": end, "step": step}


def _pairs(metric: str, document: Any, place: str) -> Iterator[tuple[date | str, float | str | None]]:
    data = document.get("data") if isinstance(document, dict) else None
    found = data.get("result") if isinstance(data, dict) and data.get("resultType") == "matrix" else None
    if not isinstance(found, list):
        raise failure(metric, place, "not the answer of a Prometheus to a range query", "check the url")
    if len(found) > 1:
        raise failure(
            metric,
            place,
            f"the query gives {len(found)} series ({_names(found)})",
            "aggregate them into one, for example with sum(...)",
        )
    if not found:
        fix = "check the query there, and how far back it keeps data (range_days)"
        raise failure(metric, place, "the query gives no series", fix)
    values = found[0].get("values") if isinstance(found[0], dict) else None
    for pair in values if isinstance(values, list) else ():
        if isinstance(pair, list) and len(pair) == 2:
            yield _day(pair[0]), _number(pair[1])
        else:
            raise failure(metric, place, "a value that is no pair", "check what answers at the url")


def _names(series: list[Any]) -> str:
    labels = [entry.get("metric") for entry in series[:2] if isinstance(entry, dict)]
    more = ", …" if len(series) > 2 else ""
    return ", ".join(plain(entry, 80) for entry in labels) + more


def _day(moment: Any) -> date | str:
    """The day that ends at *moment*, in seconds since 1970; what is no moment as text, for the message."""
    try:
        return (datetime.fromtimestamp(float(moment), UTC) - timedelta(seconds=1)).date()
    except (ValueError, TypeError, OverflowError, OSError):
        return plain(moment, 40)


def _number(text: Any) -> float | str | None:
    """Prometheus sends numbers as text; NaN and a division by zero are no value."""
    try:
        number = float(text)
    except (ValueError, TypeError):
        return plain(text, 40)
    return number if math.isfinite(number) else None
