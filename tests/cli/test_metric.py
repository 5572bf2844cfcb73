"""``okrsync metric``, and metrics of every source in a sync, as a user sees them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from okrsync.sandbox.http import Handler, LoopbackServer, Request, Response
from support.matrices import one_in
from support.running import Run

TOKEN = "hush-hush-hush-hush"
SQL = "SELECT day AS date, value FROM facts"
Project = Callable[..., Path]


def prometheus(request: Request) -> Response:
    start, end, step = (int(request.argument(name)) for name in ("start", "end", "step"))
    values = [[at, "7"] for at in range(start, end + 1, step)]
    return Response(
        200, {"status": "success", "data": {"resultType": "matrix", "result": [{"metric": {}, "values": values}]}}
    )


class Web:
    """One loopback server whose answers a test may change."""

    def __init__(self) -> None:
        self.handler: Handler = lambda _request: Response(200, [{"date": "2026-11-19", "value": 5}])

    def data(self, request: Request) -> Response:
        return self.handler(request)


@pytest.fixture
def web() -> Iterator[tuple[Web, str]]:
    served = Web()
    with LoopbackServer({"/data": served.data, "/prom": prometheus}) as server:
        yield served, server.url


@pytest.fixture
def small(project: Path, web: tuple[Web, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The company with one metric of each source beside its own."""
    monkeypatch.setenv("DATA_TOKEN", TOKEN)
    with closing(sqlite3.connect(project / "facts.db")) as connection, connection:
        connection.execute("CREATE TABLE facts (day TEXT, value REAL)")
        connection.execute("INSERT INTO facts VALUES ('2026-11-18', 3), ('2026-11-19', 4)")
    connection.close()
    url = web[1]
    sources: dict[str, dict[str, Any]] = {
        "by_sql": {"type": "sql", "url": "sqlite:///facts.db", "statement": SQL},
        "by_http": {"type": "http", "url": f"{url}/data/x", "token": {"env": "DATA_TOKEN"}},
        "by_prometheus": {"type": "prometheus", "url": f"{url}/prom", "query": "up", "range_days": 30},
        "open_items": {"type": "items", "measure": "count", "of": "open"},
        "lead_time": {"type": "items", "measure": "median_lead_time", "if": {"type": "Story"}},
    }
    metrics = [
        {"id": name, "definition": f"d {name}", "unit": "1", "source": source, "cadence": "daily"}
        for name, source in sources.items()
    ]
    text = (project / "okrs.yaml").read_text(encoding="utf-8")
    assert text.count("\nmetrics:\n") == 1
    lines = "".join(f"  - {json.dumps(entry)}\n" for entry in metrics)
    (project / "okrs.yaml").write_text(text.replace("\nmetrics:\n", f"\nmetrics:\n{lines}"), encoding="utf-8")
    return project


def listed(okrsync: Run) -> dict[str, Any]:
    return {entry["id"]: entry for entry in okrsync("metric", "list", "--format", "json").json["metrics"]}


def test_every_source_is_pulled_and_listed(okrsync: Run, small: Path) -> None:
    assert listed(okrsync)["by_sql"]["latest"] is None
    ran = okrsync("metric", "pull")
    assert (ran.code, ran.err) == (0, "")
    assert "by_sql: 2 days read, 2 values new or changed" in ran.out
    found = listed(okrsync)
    assert found["by_sql"]["latest"]["value"] == 4
    assert found["by_http"]["latest"] == {
        "day": "2026-11-19",
        "value": 5,
        "n": None,
        "origin": found["by_http"]["latest"]["origin"],
    }
    assert (found["by_prometheus"]["observations"], found["by_prometheus"]["latest"]["value"]) == (30, 7)
    assert found["open_items"]["observations"] > 100
    assert found["open_items"]["is_stale"] is False
    again = okrsync("metric", "pull", "--format", "json")
    assert all(entry["added"] == 0 for entry in again.json["metrics"])


def test_the_count_of_open_items_is_that_of_the_status_report(okrsync: Run, small: Path) -> None:
    okrsync("metric", "pull", "open_items")
    status = okrsync("status", "--format", "json").json["items"]
    assert listed(okrsync)["open_items"]["latest"]["value"] == status["todo"] + status["in_progress"]


def test_one_metric_is_pulled_alone(okrsync: Run, small: Path) -> None:
    ran = okrsync("metric", "pull", "by_sql", "--format", "json")
    assert ran.json == {
        "schema_version": 1,
        "exit_code": 0,
        "metrics": [{"metric": "by_sql", "days": 2, "added": 2, "problems": []}],
    }
    assert listed(okrsync)["by_http"]["latest"] is None


def test_a_metric_that_is_not_there_is_named_with_what_was_meant(okrsync: Run, small: Path) -> None:
    for command in ("pull", "show"):
        ran = okrsync("metric", command, "by_sq")
        assert ran.code == 2
        assert 'no metric is called "by_sq"; did you mean "by_sql"?' in ran.err


@pytest.mark.parametrize(
    ("handler", "said"),
    one_in(
        3,
        [
            (
                lambda _request: Response(302, b"", {"Location": "http://elsewhere.example/"}),
                "redirects to another place",
            ),
            (lambda _request: Response(200, b" " * 100_000_000), "an answer over 16 MiB"),
            (lambda _request: Response(200, [{"date": "2026-11-19", "value": "many"}]), '"many" is no number'),
            (lambda _request: Response(200, {"rows": []}), "the expression gives an object instead of a list"),
            (lambda _request: Response(401), "refused (401)"),
        ],
    ),
)
def test_a_metric_that_cannot_be_read_keeps_what_it_had_and_makes_the_run_partial(
    okrsync: Run, small: Path, web: tuple[Web, str], handler: Handler, said: str
) -> None:
    okrsync("metric", "pull")
    web[0].handler = handler
    ran = okrsync("metric", "pull")
    assert ran.code == 5
    assert "metric by_http was not read; its old observations are kept:" in ran.err
    assert said in ran.err
    assert TOKEN not in ran.out + ran.err
    assert "by_sql: 2 days read, 0 values" in ran.out
    kept = listed(okrsync)["by_http"]
    assert kept["latest"]["value"] == 5
    assert said in kept["problems"][0]
    assert "the last reading failed" in okrsync("metric", "list").out
    assert TOKEN.encode() not in (small / "okrsync.db").read_bytes()


@pytest.mark.long
def test_a_sync_reads_all_of_them_and_says_the_same_when_one_fails(
    okrsync: Run, small: Path, web: tuple[Web, str]
) -> None:
    assert okrsync("sync", "--quiet").code == 0
    assert listed(okrsync)["by_prometheus"]["observations"] == 30
    web[0].handler = lambda _request: Response(404)
    synced, pulled = okrsync("sync", "--quiet"), okrsync("metric", "pull", "by_http")
    assert (synced.code, pulled.code) == (5, 5)
    assert pulled.err in synced.err


def test_what_a_window_no_longer_tells_of_stays_known(okrsync: Run, small: Path, web: tuple[Web, str]) -> None:
    okrsync("metric", "pull", "by_http")
    web[0].handler = lambda _request: Response(200, [["2026-11-20", 6]])
    okrsync("metric", "pull", "by_http")
    web[0].handler = lambda _request: Response(200, [])
    okrsync("metric", "pull", "by_http")
    days = [point["day"] for point in okrsync("metric", "show", "by_http", "--format", "json").json["last"]]
    assert days == ["2026-11-19", "2026-11-20"]


def test_show_tells_source_events_points_and_revisions(okrsync: Run, small: Path) -> None:
    okrsync("metric", "pull", "by_sql")
    with closing(sqlite3.connect(small / "facts.db")) as connection, connection:
        connection.execute("UPDATE facts SET value = 4.5 WHERE day = '2026-11-19'")
    connection.close()
    okrsync("metric", "pull", "by_sql", "--as-of", "2026-11-30")
    shown = okrsync("metric", "show", "by_sql")
    assert shown.code == 0
    for text in ("d by_sql", "source: sql", f"statement: {SQL}", "2 observations, 1 changed", "2026-11-19  4.5"):
        assert text in shown.out
    document = okrsync("metric", "show", "by_sql", "--format", "json").json
    assert (document["kind"], document["revisions"]) == ("metric", 1)
    signups = okrsync("metric", "show", "signups").out
    assert "pulse from 24 Dec 2025 to 1 Jan 2026" in signups
    assert "public holidays of DE are masked days" in signups


def test_a_metric_is_stale_after_two_cadences(okrsync: Run, small: Path) -> None:
    okrsync("metric", "pull", "by_sql")
    assert listed(okrsync)["by_sql"]["is_stale"] is False
    later = okrsync("metric", "list", "--as-of", "2026-11-30", "--format", "json").json
    (late,) = [entry for entry in later["metrics"] if entry["id"] == "by_sql"]
    assert (late["age_days"], late["most_days"], late["is_stale"]) == (11, 2, True)
    assert "stale, over 2 days old" in okrsync("metric", "list", "--as-of", "2026-11-30").out


def test_validate_asks_no_server(okrsync: Run, small: Path, web: tuple[Web, str]) -> None:
    asked: list[Request] = []

    def handle(request: Request) -> Response:
        asked.append(request)
        return Response(500)

    web[0].handler = handle
    ran = okrsync("validate")
    assert (ran.code, ran.err, asked) == (0, "", [])


def test_hostile_text_in_a_definition_cannot_move_the_cursor(okrsync: Run, small: Path) -> None:
    text = (small / "okrs.yaml").read_text(encoding="utf-8")
    (small / "okrs.yaml").write_text(text.replace('"d by_sql"', '"d \\u001b[2J by_sql [red]x[/red]"'), encoding="utf-8")
    shown = okrsync("metric", "show", "by_sql").out
    assert "\x1b" not in shown
    assert "[red]x[/red]" in shown
