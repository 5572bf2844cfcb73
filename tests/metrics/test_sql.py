"""Metrics by SQL: a real SQLite file and a real PostgreSQL, read and never written."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from okrsync.errors import AuthenticationError, MetricError, OkrsyncError, UnreachableError
from okrsync.metrics.sql import SqlSettings, SqlSource
from okrsync.model.ledger import Observation
from okrsync.plugins.metric_source import MetricContext
from support.stores import PostgresServer

NOW = datetime(2026, 11, 1, 6, tzinfo=UTC)
STATEMENT = "SELECT day AS date, value, n FROM facts WHERE kind = :kind ORDER BY day"
ROWS = [("2026-10-02", 42.5, 900, "a"), ("2026-10-01", 41, None, "a"), ("2026-10-03", None, 5, "a"), ("x", 1, 1, "b")]
Ask = Callable[..., Sequence[Observation]]


def told(observations: Sequence[Observation]) -> list[tuple[str, float, float | None]]:
    return [(entry.day.isoformat(), entry.value, entry.n) for entry in observations]


def source(url: str, statement: str, **more: Any) -> dict[str, Any]:
    return {"type": "sql", "url": url, "statement": statement, **more}


def read(folder: Path, url: str, statement: str, **more: Any) -> Sequence[Observation]:
    context = MetricContext(folder=folder, root=folder, now=NOW, zone=ZoneInfo("Europe/Berlin"))
    return SqlSource().read("activation", source(url, statement, **more), context)


@pytest.fixture
def lite(tmp_path: Path) -> Path:
    """A folder with a small warehouse in SQLite."""
    with closing(sqlite3.connect(tmp_path / "warehouse.db")) as connection, connection:
        connection.execute("CREATE TABLE facts (day TEXT, value, n, kind TEXT)")
        connection.executemany("INSERT INTO facts VALUES (?, ?, ?, ?)", ROWS)
    connection.close()
    return tmp_path


@pytest.fixture(scope="module")
def warehouse(postgres: PostgresServer) -> str:
    """The URL of a small warehouse in PostgreSQL."""
    url = postgres.database()
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE facts (day date, value numeric, n integer, kind text)")
        connection.execute(
            sa.text("INSERT INTO facts VALUES (:day, :value, :n, :kind)"),
            [{"day": r[0], "value": r[1], "n": r[2], "kind": r[3]} for r in ROWS if r[0] != "x"],
        )
    engine.dispose()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def ask(request: pytest.FixtureRequest, lite: Path) -> Ask:
    """Runs a statement in each of the two."""
    url = "sqlite:///warehouse.db" if request.param == "sqlite" else request.getfixturevalue("warehouse")

    def run(statement: str, **more: Any) -> Sequence[Observation]:
        return read(lite, url, statement, **more)

    return run


def refusal(ask: Ask, statement: str, **more: Any) -> str:
    with pytest.raises(MetricError) as refused:
        ask(statement, **more)
    assert all(problem.fix for problem in refused.value.problems)
    return str(refused.value)


def test_rows_are_observations_and_a_value_that_is_null_is_missing(ask: Ask) -> None:
    assert told(ask(STATEMENT, parameters={"kind": "a"})) == [("2026-10-01", 41.0, None), ("2026-10-02", 42.5, 900.0)]


def test_a_parameter_is_bound_and_never_becomes_a_part_of_the_statement(ask: Ask) -> None:
    assert ask(STATEMENT, parameters={"kind": "a' OR '1'='1"}) == []


def test_a_parameter_that_is_not_given_is_named(ask: Ask) -> None:
    assert "give parameters: {kind: ...}" in refusal(ask, STATEMENT)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("SELECT 1 AS value", 'no column "date" (columns: value); write ... AS date'),
        ("SELECT '2026-10-01' AS date, 3 AS total", 'no column "value" (columns: date, total)'),
        ("SELECT 'soon' AS date, 3 AS value", 'row 1: "soon" is no date'),
        ("SELECT 7 AS date, 3 AS value", "row 1: 7 is no date"),
        ("SELECT '2026-10-01' AS date, 'many' AS value", 'row 1: "many" is no number'),
        ("SELECT '2026-10-01' AS date, 3 AS value, 0 AS n", "row 1: 0 is no sample size"),
        (
            "SELECT '2026-10-01' AS date, 3 AS value UNION ALL SELECT '2026-10-01', 4",
            "row 2: 2026-10-01 is there twice (first in row 1)",
        ),
        ("SELECT day AS date, value FROM nothing_here", "nothing_here"),
        ("SELECT '2026-10-01' AS date, 3 AS value FROM facts", "is there twice"),
    ],
)
def test_rows_that_are_no_points_are_named(ask: Ask, statement: str, said: str) -> None:
    assert said in refusal(ask, statement)


def test_percent_signs_are_the_statements_own(ask: Ask) -> None:
    assert len(ask("SELECT day AS date, value FROM facts WHERE kind LIKE 'a%'")) == 2


def test_more_rows_than_allowed_are_refused(ask: Ask) -> None:
    assert "more than 2 rows; ask for a row a day, or raise max_rows" in refusal(
        ask, "SELECT day AS date, value FROM facts", max_rows=2
    )


def test_hostile_text_in_a_row_cannot_move_the_cursor(ask: Ask) -> None:
    said = refusal(ask, "SELECT :bad AS date, 3 AS value", parameters={"bad": "\x1b[2Jx\u202ey"})
    assert "\x1b" not in said
    assert "\u202e" not in said


@pytest.mark.parametrize(
    "statement",
    ["WITH gone AS (DELETE FROM facts RETURNING *) SELECT day AS date, value FROM gone", "SELECT 1 INTO copied"],
)
def test_a_statement_that_writes_after_all_is_refused_by_postgresql_itself(
    warehouse: str, tmp_path: Path, statement: str
) -> None:
    refusal(lambda text, **more: read(tmp_path, warehouse, text, **more), statement)
    count = read(tmp_path, warehouse, "SELECT DATE '2026-10-01' AS date, count(*) AS value FROM facts")
    assert told(count) == [("2026-10-01", 3.0, None)]


def test_times_of_postgresql_are_put_into_days_of_the_zone(warehouse: str, tmp_path: Path) -> None:
    found = read(tmp_path, warehouse, "SELECT TIMESTAMPTZ '2026-10-01 22:30+00' AS date, 1 AS value")
    assert found[0].day == date(2026, 10, 2)


def test_postgresql_ends_what_takes_too_long(warehouse: str, tmp_path: Path) -> None:
    statement = "SELECT DATE '2026-10-01' AS date, 1 AS value FROM pg_sleep(60)"
    said = refusal(lambda text, **more: read(tmp_path, warehouse, text, **more), statement, timeout_seconds=0.2)
    assert "statement timeout" in said


def test_sqlite_ends_what_takes_too_long(lite: Path) -> None:
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT 1 AS date, max(x) AS value FROM c"
    said = refusal(
        lambda text, **more: read(lite, "sqlite:///warehouse.db", text, **more), endless, timeout_seconds=0.2
    )
    assert "no answer within 0.2 seconds" in said


@pytest.mark.parametrize(
    ("url", "said"),
    [("sqlite:///none.db", "none.db: no such file"), ("sqlite:////etc/passwd", "leaves the project's folder")],
)
def test_a_file_that_is_not_the_projects_is_not_opened(lite: Path, url: str, said: str) -> None:
    with pytest.raises(MetricError, match=said):
        read(lite, url, "SELECT 1 AS date, 1 AS value")
    assert not (lite / "none.db").exists()


def test_a_driver_that_is_not_installed_is_named(tmp_path: Path) -> None:
    for url in ("oracle://me@db.example/x", "nosuch://me@db.example/x"):
        with pytest.raises(MetricError, match=f"no driver for {url[:6]}.* is installed"):
            read(tmp_path, url, "SELECT 1 AS date, 1 AS value")


def test_no_server_is_a_clear_error_without_the_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE", "hush-hush-hush")
    with pytest.raises((MetricError, UnreachableError)) as refused:
        read(
            tmp_path,
            "postgresql://me@127.0.0.1:9/x",
            "SELECT 1 AS date, 1 AS value",
            password={"env": "WAREHOUSE"},
            timeout_seconds=5,
        )
    chain: BaseException | None = refused.value
    while chain is not None:
        assert "hush-hush" not in repr(chain) + str(chain)
        chain = chain.__cause__ or chain.__context__
    assert "127.0.0.1/x: the database says: connection failed" in str(refused.value)


def test_a_password_that_is_not_there_is_named_by_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WAREHOUSE", raising=False)
    with pytest.raises(AuthenticationError, match="environment variable WAREHOUSE: not set"):
        read(tmp_path, "postgresql://me@127.0.0.1:9/x", "SELECT 1", password={"env": "WAREHOUSE"})


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM facts",
        "-- SELECT\nDROP TABLE facts",
        "/* SELECT */ UPDATE facts SET value = 1",
        "SELECT 1; DELETE FROM facts",
        "SELECT ';'",
        "PRAGMA user_version = 3",
        "ATTACH 'x' AS y",
        "selection",
        ";",
    ],
)
def test_anything_but_one_statement_that_reads_is_refused(statement: str) -> None:
    with pytest.raises(ValidationError):
        SqlSettings.model_validate(source("sqlite:///x.db", statement))


@pytest.mark.parametrize("statement", ["select 1;", " -- why\n/* and */ WITH a AS (SELECT 1) SELECT * FROM a"])
def test_what_reads_is_taken(statement: str) -> None:
    assert SqlSettings.model_validate(source("sqlite:///x.db", statement)).statement.endswith(("1", "a"))


@pytest.mark.parametrize(
    "url",
    ["postgresql://me:hush@h/x", "postgresql://h/x?password=hush", "sqlite://", "sqlite:///", "nonsense"],
)
def test_a_url_without_a_database_or_with_a_password_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(ValidationError) as refused:
        SqlSettings.model_validate(source(url, "SELECT 1"))
    assert all("hush" not in str(entry["msg"]) for entry in refused.value.errors())


def test_errors_are_okrsyncs_own(ask: Ask) -> None:
    with pytest.raises(OkrsyncError):
        ask("SELECT * FROM facts WHERE")
