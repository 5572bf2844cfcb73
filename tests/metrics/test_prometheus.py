"""Metrics from what answers like a Prometheus, on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from okrsync.errors import ConnectorError, MetricError
from okrsync.metrics.prometheus import PrometheusSettings, PrometheusSource
from okrsync.model.ledger import Observation
from okrsync.plugins.metric_source import MetricContext
from okrsync.sandbox.http import LoopbackServer, Request, Response

NOW = datetime(2026, 11, 4, 6, tzinfo=UTC)  # a Wednesday


class FakePrometheus:
    """Answers range queries: ``up`` counts days since 1970 at each step, other queries as they are set."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.answers: dict[str, Any] = {}

    def handle(self, request: Request) -> Response:
        self.asked.append(request)
        if request.path != "/api/v1/query_range":
            return Response(404, {"status": "error"})
        query = request.argument("query")
        if query in self.answers:
            return Response(200, self.answers[query])
        if query != "up":
            return Response(400, {"status": "error", "errorType": "bad_data", "error": "parse error: unexpected end"})
        start, end, step = (int(request.argument(name)) for name in ("start", "end", "step"))
        values = [[at, str(at // 86_400)] for at in range(start, end + 1, step)]
        return Response(200, matrix({"metric": {"job": "shop"}, "values": values}))


def matrix(*series: dict[str, Any]) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": "matrix", "result": list(series)}}


@pytest.fixture
def prometheus() -> Iterator[tuple[FakePrometheus, str]]:
    fake = FakePrometheus()
    with LoopbackServer({"/prom": fake.handle}) as server:
        yield fake, server.url + "/prom"


Reading = Callable[..., Sequence[Observation]]


@pytest.fixture
def read(prometheus: tuple[FakePrometheus, str], tmp_path: Path) -> Reading:
    def call(query: str, now: datetime = NOW, **more: Any) -> Sequence[Observation]:
        settings = {"type": "prometheus", "url": prometheus[1], "query": query, **more}
        context = MetricContext(folder=tmp_path, root=tmp_path, now=now, zone=ZoneInfo("America/New_York"))
        return PrometheusSource().read("errors", settings, context)

    return call


def days(observations: Sequence[Observation]) -> list[str]:
    return [entry.day.isoformat() for entry in observations]


def test_each_whole_day_has_the_value_of_its_end(read: Reading) -> None:
    found = read("up", range_days=3)
    assert days(found) == ["2026-11-01", "2026-11-02", "2026-11-03"]
    # The value at the midnight after 3 November.
    assert found[-1].value == (datetime(2026, 11, 4, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days


def test_the_values_of_a_day_are_the_same_whenever_they_are_asked_for(read: Reading) -> None:
    early = {entry.day: entry.value for entry in read("up", datetime(2026, 11, 3, 0, 0, 1, tzinfo=UTC), range_days=9)}
    late = {entry.day: entry.value for entry in read("up", datetime(2026, 11, 9, 23, 59, tzinfo=UTC), range_days=9)}
    common = early.keys() & late.keys()
    assert len(common) == 3
    assert all(early[day] == late[day] for day in common)


def test_a_day_that_is_pinned_to_its_end_counts(read: Reading) -> None:
    assert days(read("up", datetime(2026, 11, 3, 23, 59, 59, tzinfo=UTC), range_days=1)) == ["2026-11-03"]


def test_weeks_end_on_sundays(read: Reading) -> None:
    assert days(read("up", step="1w", range_days=15)) == ["2026-10-18", "2026-10-25", "2026-11-01"]


def test_nan_and_infinity_are_missing(read: Reading, prometheus: tuple[FakePrometheus, str]) -> None:
    ends = [int(datetime(2026, 11, day, tzinfo=UTC).timestamp()) for day in (1, 2, 3, 4)]
    values = [[at, text] for at, text in zip(ends, ("1.5", "NaN", "+Inf", "2"), strict=True)]
    prometheus[0].answers["q"] = matrix({"metric": {}, "values": values})
    assert [(entry.day.day, entry.value) for entry in read("q")] == [(31, 1.5), (3, 2.0)]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            matrix({"metric": {"pod": "a"}, "values": []}, {"metric": {"pod": "b"}, "values": []}, {}),
            "the query gives 3 series ({'pod': 'a'}, {'pod': 'b'}, …); aggregate them into one",
        ),
        (matrix(), "the query gives no series"),
        (matrix({"metric": {}, "values": [[1]]}), "a value that is no pair"),
        (matrix({"metric": {}, "values": [["soon", "1"]]}), 'value 1: "soon" is no date'),
        (matrix({"metric": {}, "values": [[1793577600, "many"]]}), 'value 1: "many" is no number'),
        ({"status": "success", "data": {"resultType": "vector", "result": []}}, "not the answer of a Prometheus"),
        ([], "not the answer of a Prometheus"),
        (b"<html>", "a page of HTML"),
    ],
)
def test_an_answer_that_is_no_series_is_refused(
    read: Reading, prometheus: tuple[FakePrometheus, str], answer: Any, said: str
) -> None:
    prometheus[0].answers["q"] = answer
    with pytest.raises(MetricError) as refused:
        read("q")
    assert said in str(refused.value)
    assert f"{prometheus[1]}/api/v1/query_range" in str(refused.value)


def test_a_query_that_is_none_is_told_in_the_servers_words(read: Reading) -> None:
    with pytest.raises(ConnectorError, match='answered 400: "parse error: unexpected end"'):
        read("sum(")


@pytest.mark.parametrize("settings", [{"step": "1h"}, {"step": "0d"}, {"url": "https://p/x?q=1"}, {"query": ""}])
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PrometheusSettings.model_validate({"type": "prometheus", "url": "https://p", "query": "up", **settings})
