"""The examples on the page about metrics, read for real."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from okrsync.config.document import parse_document
from okrsync.config.okrs_file import MetricEntry
from okrsync.config.validation import check
from okrsync.model.history import ItemPast
from okrsync.model.work import Item, ItemKind, Status
from okrsync.plugins.discovery import load_metric_source, metric_source_names
from okrsync.plugins.metric_source import MetricContext
from okrsync.sandbox.http import LoopbackServer, Request, Response
from support.stores import PostgresServer

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
NOW = datetime(2026, 11, 4, 6, tzinfo=UTC)
OPENED = datetime(2026, 11, 1, 6, tzinfo=UTC)


def examples() -> dict[str, dict[str, Any]]:
    """The metrics on the page, by id."""
    found: dict[str, dict[str, Any]] = {}
    for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL):
        document, problems = parse_document(text, Path("metrics.md"))
        assert document is not None
        assert problems == []
        for number, entry in enumerate(document.data["metrics"]):
            assert check(document, MetricEntry, ("metrics", number))[1] == []
            shape = load_metric_source(entry["source"]["type"]).Settings
            assert check(document, shape, ("metrics", number, "source"))[1] == []
            found[entry["id"]] = entry
    return found


def answer(request: Request) -> Response:
    if request.path == "/export/wide.csv":
        return Response(200, b"date,visits,errors\n2026-11-01,9,1\n2026-11-02,11,0\n")
    if request.path == "/api/nps":
        assert request.headers["X-Api-Key"] == "sesame-sesame"
        return Response(200, {"results": [{"day": "2026-11-02", "score": 31, "answers": 400}]})
    assert request.path == "/api/v1/query_range"
    value = [[int(request.argument("end")), "0.4"]]
    series = [{"metric": {}, "values": value}]
    return Response(200, {"status": "success", "data": {"resultType": "matrix", "result": series}})


@pytest.fixture
def elsewhere(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The page's hosts, on this machine."""
    for name in ("DATA_TOKEN", "SURVEY_KEY", "WAREHOUSE_PASSWORD"):
        monkeypatch.setenv(name, "sesame-sesame")
    database = postgres.database()
    engine = sa.create_engine(database.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE orders (placed_on date, state text)")
        connection.exec_driver_sql("INSERT INTO orders VALUES ('2026-11-02', 'paid'), ('2026-11-02', 'lost')")
    engine.dispose()
    mounts = {prefix: partial(below, prefix) for prefix in ("/export", "/api")}
    with LoopbackServer(mounts) as server:
        web = {f"https://{name}.example.com": server.url for name in ("data", "surveys", "prometheus")}
        yield {**web, "postgresql://reader@db.example.com/warehouse": database}


def below(prefix: str, request: Request) -> Response:
    return answer(Request(request.method, prefix + request.path, request.query, request.headers))


def opened(key: str, kind: str, done: datetime | None) -> ItemPast:
    status = Status.DONE if done else Status.TODO
    item = Item("web", key, key, "", ItemKind.ISSUE, kind, "t", status, "", OPENED, NOW, done, project="PAY")
    return ItemPast(item, ((OPENED, Status.TODO), *([(done, Status.DONE)] if done else [])))


def items() -> list[ItemPast]:
    return [opened("PAY-1", "Bug", None), opened("PAY-2", "Story", datetime(2026, 11, 3, 6, tzinfo=UTC))]


def test_every_source_has_a_section_with_an_example() -> None:
    assert {entry["source"]["type"] for entry in examples().values()} == set(metric_source_names())
    for name in metric_source_names():
        assert f"\n## {name}\n" in PAGE
        fields = load_metric_source(name).Settings.model_fields
        for field, info in fields.items():
            assert re.search(rf"`?\b{info.alias or field}\b", PAGE), f"{name}: {field}"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("activation", [("2026-11-02", 41)]),
        ("visits", [("2026-11-01", 9), ("2026-11-02", 11)]),
        ("paid_orders", [("2026-11-02", 1)]),
        ("nps", [("2026-11-02", 31)]),
        ("error_share", [("2026-11-03", 0.4)]),
        ("open_bugs", [("2026-11-01", 1), ("2026-11-02", 1), ("2026-11-03", 1)]),
        ("lead_time", [("2026-11-03", 2)]),
    ],
)
def test_each_example_reads_what_it_says(
    elsewhere: dict[str, str], tmp_path: Path, name: str, expected: list[tuple[str, float]]
) -> None:
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "activation.csv").write_text("date,value\n2026-11-02,41\n", encoding="utf-8")
    source = examples()[name]["source"]
    for place, here in elsewhere.items():
        if "url" in source:
            source["url"] = source["url"].replace(place, here)
    context = MetricContext(tmp_path, tmp_path, NOW, items=items)
    found = load_metric_source(source["type"])().read(name, source, context)
    assert [(entry.day.isoformat(), entry.value) for entry in found] == expected
    assert urlsplit(source.get("url", "")).hostname in {None, "127.0.0.1"}
