"""SQLite and PostgreSQL hold the same and report the same, and a store moves between them without a loss."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from okrsync.cli.main import run
from okrsync.sandbox.demo import TOKEN_NAMES, company_sites, free_port
from okrsync.sandbox.demo import lay_out as lay_out_company
from okrsync.sandbox.serve import Sites
from okrsync.sandbox.tracker_data import GithubData, GithubRepository, JiraData
from okrsync.store.database import Store
from support.projects import OKRS
from support.recorded_data import recorded_github_issues
from support.running import Ran
from support.stores import PostgresServer, dump

COMMANDS: tuple[Any, ...] = (
    ["status"],
    ["outcomes", "--cycle", "all", "--format", "json"],
    ["plan", "--sprint", "PAY Sprint 33", "--format", "json"],
    ["audit", "--cycle", "2026Q3", "--format", "json"],
    ["db", "check", "--format", "json"],
    *(
        pytest.param(line, marks=pytest.mark.long)
        for line in (
            ["status", "--format", "json"],
            ["status", "--as-of", "2026-10-20", "--format", "json"],
            ["outcomes", "--cycle", "all"],
            ["outcomes", "--cycle", "all", "--format", "markdown"],
            ["outcomes", "--cycle", "all", "--as-of", "2026-10-20", "--format", "json"],
            ["outcomes", "--cycle", "all", "--as-known", "2026-11-20", "--format", "json"],
            ["outcomes", "--cycle", "all", "--as-known", "2020-01-01", "--format", "json"],
            ["plan", "--backlog", "--format", "markdown"],
            ["audit", "--cycle", "2026Q4", "--format", "html"],
            ["retro", "--sprint", "PAY Sprint 31", "--format", "json"],
            ["suggest", "--cycle", "all"],
            ["suggest", "--cycle", "all", "--format", "json"],
        )
    ),
)
REAL_COMMANDS = (
    ["status", "--format", "json"],
    ["outcomes", "--cycle", "all", "--format", "json"],
    ["outcomes", "--cycle", "all", "--format", "markdown"],
    ["outcomes", "--cycle", "all", "--as-of", "2023-01-01", "--format", "json"],
    ["why", "datasets#1"],
)
Call = Callable[..., Ran]


@dataclass(frozen=True)
class Twin:
    """One project twice: the same files, one store of each kind."""

    sqlite: Path
    postgresql: Path
    url: str

    @property
    def folders(self) -> tuple[Path, Path]:
        return self.sqlite, self.postgresql


@pytest.fixture
def okrsync(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run one command line in the project of a folder."""

    def call(folder: Path, *line: str) -> Ran:
        monkeypatch.chdir(folder)
        capfd.readouterr()
        code = run(list(line))
        captured = capfd.readouterr()
        return Ran(code, captured.out, captured.err)

    return call


@contextmanager
def environment(**values: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setenv(name, value)
        yield


def with_store(folder: Path, url: str) -> Path:
    text = (folder / "okrsync.yaml").read_text(encoding="utf-8")
    assert "sqlite:///okrsync.db" in text
    (folder / "okrsync.yaml").write_text(text.replace("sqlite:///okrsync.db", url), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def company(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Twin:
    """The simulated company, synced twice into each store, the second time with changes and the complete lists."""
    base, url = tmp_path_factory.mktemp("twins"), postgres.database()
    built, sites = company_sites(free_port(0), 7, "cloud")
    for name in ("sqlite", "postgresql"):
        lay_out_company(built, base / name)
    with_store(base / "postgresql", url)
    with sites, environment(**dict.fromkeys(TOKEN_NAMES, "sandbox")):
        for options in ([], ["--census"]):
            for name in ("sqlite", "postgresql"):
                assert run(["sync", "--quiet", *options, "--config", str(base / name / "okrsync.yaml")]) == 0
            shelf = built.github.repositories[0]
            sites.github.delete(shelf.full_name, shelf.issues[3]["number"])
            sites.jira.delete(built.jira.issues[5]["key"])
        assert sites.server.errors == []
    return Twin(base / "sqlite", base / "postgresql", url)


SETTINGS = """\
version: 1
timezone: UTC
store: sqlite:///okrsync.db
sources:
  - {{name: hf, connector: github, url: '{url}', token: {{env: T}}, repositories: [huggingface/datasets]}}
work:
  rules:
    - {{if: {{label: "kr/*"}}, link: from_label}}
    - {{if: {{label: [enhancement, "dataset request"]}}, link: KR1.1}}
  exempt:
    - {{id: run, if: {{label: bug}}, budget: 25%}}
"""


@pytest.fixture(scope="module")
def recorded(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Twin:
    """7,258 real items in each store."""
    issues = recorded_github_issues()
    base, url = tmp_path_factory.mktemp("recorded"), postgres.database()
    with Sites(GithubData([GithubRepository("huggingface/datasets", issues)]), JiraData()) as sites:
        for name in ("sqlite", "postgresql"):
            (base / name).mkdir()
            (base / name / "okrsync.yaml").write_text(SETTINGS.format(url=sites.github_url), encoding="utf-8")
            (base / name / "okrs.yaml").write_text(OKRS, encoding="utf-8")
        with_store(base / "postgresql", url)
        with environment(T="token"):
            for name in ("sqlite", "postgresql"):
                assert run(["sync", "--quiet", "--config", str(base / name / "okrsync.yaml")]) == 0
        assert sites.server.errors == []
    return Twin(base / "sqlite", base / "postgresql", url)


@contextmanager
def opened(url: str) -> Iterator[Store]:
    store = Store.open(url)
    try:
        yield store
    finally:
        store.close()


def timeless(held: dict[str, Any]) -> dict[str, Any]:
    """*held* without the time at which a connector looked at its site, which it remembers."""
    rows = json.dumps(held["source_state"], sort_keys=True)
    return held | {"source_state": re.sub(r'"20[0-9-]+T[0-9:.]+\+00:00"', '"then"', rows)}


def told(okrsync: Call, twin: Twin, line: list[str]) -> list[Ran]:
    """What both say; a place in the file system is the only thing that may differ."""
    ran = [okrsync(folder, *line) for folder in twin.folders]
    return [
        Ran(each.code, each.out.replace(str(folder), ""), "") for each, folder in zip(ran, twin.folders, strict=True)
    ]


@pytest.mark.long
@pytest.mark.parametrize("line", COMMANDS, ids=" ".join)
def test_both_stores_of_the_company_report_the_same(okrsync: Call, company: Twin, line: list[str]) -> None:
    ours, theirs = told(okrsync, company, line)

    assert ours == theirs
    assert ours.code == 0 or line[0] == "outcomes"
    assert ours.out


@pytest.mark.long
def test_the_report_files_and_the_reason_of_every_item_are_the_same(okrsync: Call, company: Twin) -> None:
    reports = [{path.name: path.read_bytes() for path in (folder / "reports").iterdir()} for folder in company.folders]
    assert reports[0] == reports[1]
    assert len(reports[0]) == 2
    with opened(company.url) as store, store.read() as view:
        keys = [item.key for item in view.items()]
    assert len(keys) == 598
    for key in keys[::100]:
        ours, theirs = told(okrsync, company, ["why", key, "--format", "json"])
        assert ours == theirs
        assert ours.code == 0


@pytest.mark.long
def test_both_stores_of_the_company_hold_the_same(company: Twin) -> None:
    with opened(f"sqlite:///{company.sqlite}/okrsync.db") as ours, opened(company.url) as theirs:
        held = dump(ours, timeless=True)
        assert timeless(held) == timeless(dump(theirs, timeless=True))
    assert len(held["item"]) == 600
    assert len(held["item_event"]) > 1000
    assert all(
        held[name] for name in ("iteration", "link", "observation", "stream_state", "source_state", "okr_version")
    )


@pytest.mark.shared
@pytest.mark.long
@pytest.mark.parametrize("line", REAL_COMMANDS, ids=" ".join)
def test_both_stores_of_real_items_report_the_same(okrsync: Call, recorded: Twin, line: list[str]) -> None:
    ours, theirs = told(okrsync, recorded, line)

    assert ours == theirs
    assert ours.code == 0
    if line[0] == "status":
        assert ours.json["items"]["total"] == 7258


@pytest.mark.long
@pytest.mark.needs("symlinks")
@pytest.mark.parametrize("name", ["company", pytest.param("recorded", marks=pytest.mark.shared)])
def test_a_store_that_moves_there_and_back_is_the_same_and_goes_on(
    request: pytest.FixtureRequest, okrsync: Call, postgres: PostgresServer, tmp_path: Path, name: str
) -> None:
    twin: Twin = request.getfixturevalue(name)
    server, back = postgres.database(), f"sqlite:///{tmp_path}/back.db"

    there = okrsync(twin.sqlite, "db", "copy", "--to", server, "--format", "json")
    assert there.code == 0, there.err
    with opened(f"sqlite:///{twin.sqlite}/okrsync.db") as first, opened(server) as second:
        before, moved = dump(first), dump(second)
    assert moved == before
    for file in ("okrs.yaml", "okrsync.yaml", "ledger", "metrics"):
        if (twin.sqlite / file).exists():
            (tmp_path / file).symlink_to(twin.sqlite / file)
    text = (twin.sqlite / "okrsync.yaml").read_text(encoding="utf-8").replace("sqlite:///okrsync.db", server)
    (tmp_path / "okrsync.yaml").unlink()
    (tmp_path / "okrsync.yaml").write_text(text, encoding="utf-8")
    line = ["outcomes", "--cycle", "all", "--format", "json"]
    assert okrsync(tmp_path, *line).out == okrsync(twin.sqlite, *line).out

    assert okrsync(tmp_path, "db", "copy", "--to", back).code == 0
    with opened(back) as third:
        assert dump(third) == before
    refused = okrsync(tmp_path, "db", "copy", "--to", back)
    assert (refused.code, "not empty; copy into a new store" in refused.err) == (1, True)


PASSWORD = "canary-of-the-database"


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    (tmp_path / "okrsync.yaml").write_text(SETTINGS.format(url="https://tracker.invalid"), encoding="utf-8")
    (tmp_path / "okrs.yaml").write_text(OKRS, encoding="utf-8")
    return tmp_path


def complaint(okrsync: Call, folder: Path, url: str, code: int = 1) -> str:
    """What is said of a store that cannot be used; never with the password, and no traceback."""
    with_store(folder, url)
    with environment(PGPASSWORD=PASSWORD, T="token", PGCONNECT_TIMEOUT="2"):
        ran = okrsync(folder, "status", "--format", "json")
        also = okrsync(folder, "sync", "--quiet")
    assert (ran.code, also.code) == (code, code)
    assert PASSWORD not in ran.out + ran.err + also.out + also.err
    assert "Traceback" not in ran.err + also.err
    assert also.err.startswith("okrsync: ")
    message = str(json.loads(ran.out)["error"]["message"])
    assert ran.err == "".join(f"okrsync: {line}\n" for line in message.splitlines())
    return message


def test_a_wrong_password_is_said_and_not_quoted(okrsync: Call, plain: Path, postgres: PostgresServer) -> None:
    postgres.ask("CREATE ROLE guarded LOGIN PASSWORD 'another'")
    postgres.ask("CREATE DATABASE guarded OWNER guarded")
    rules = postgres._folder / "data" / "pg_hba.conf"
    trusting = rules.read_text(encoding="utf-8")
    rules.write_text(f"host guarded guarded 127.0.0.1/32 scram-sha-256\n{trusting}", encoding="utf-8")
    try:
        postgres.ask("SELECT pg_reload_conf()")
        words = complaint(okrsync, plain, f"postgresql://guarded@127.0.0.1:{postgres.port}/guarded")
    finally:
        rules.write_text(trusting, encoding="utf-8")
        postgres.ask("SELECT pg_reload_conf()")

    assert 'password authentication failed for user "guarded"' in words
    assert words.endswith("set PGPASSWORD, or write the password into ~/.pgpass")


def test_a_missing_database_is_said(okrsync: Call, plain: Path, postgres: PostgresServer) -> None:
    words = complaint(okrsync, plain, f"postgresql://plain@127.0.0.1:{postgres.port}/nowhere")

    assert words.startswith("postgresql://127.0.0.1/nowhere: ")
    assert 'database "nowhere" does not exist' in words
    assert words.endswith("make the database and the role, or mend the url")


def test_a_missing_role_is_said(okrsync: Call, plain: Path, postgres: PostgresServer) -> None:
    words = complaint(okrsync, plain, f"postgresql://nobody@127.0.0.1:{postgres.port}/postgres")

    assert 'role "nobody" does not exist' in words
    assert words.endswith("make the database and the role, or mend the url")


def test_a_role_without_rights_is_said_and_leaves_nothing_behind(
    okrsync: Call, plain: Path, postgres: PostgresServer
) -> None:
    postgres.ask("CREATE ROLE guest LOGIN")
    url = postgres.database()

    words = complaint(okrsync, plain, url.replace("plain@", "guest@"))

    assert "permission denied for schema public" in words
    assert words.endswith("let the role create tables in this database")
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()


@pytest.mark.needs("symlinks")
@pytest.mark.long
def test_a_role_that_may_only_read_is_told_so_and_reports_all_the_same(
    okrsync: Call, company: Twin, postgres: PostgresServer, tmp_path: Path
) -> None:
    postgres.ask("CREATE ROLE reader LOGIN")
    engine = sa.create_engine(company.url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.exec_driver_sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    engine.dispose()
    for entry in company.sqlite.iterdir():
        if not entry.name.startswith("okrsync."):
            (tmp_path / entry.name).symlink_to(entry)
    text = (company.postgresql / "okrsync.yaml").read_text(encoding="utf-8").replace("plain@", "reader@")
    (tmp_path / "okrsync.yaml").write_text(text, encoding="utf-8")

    assert okrsync(tmp_path, "status").out == okrsync(company.postgresql, "status").out
    with environment(**dict.fromkeys(TOKEN_NAMES, "sandbox")):
        ran = okrsync(tmp_path, "sync", "--quiet")
    assert ran.code == 1
    assert "permission denied" in ran.err


def test_a_host_that_is_not_there_is_said(okrsync: Call, plain: Path) -> None:
    words = complaint(okrsync, plain, "postgresql://plain@nowhere.invalid/okrsync")

    assert words.startswith("postgresql://nowhere.invalid/okrsync: ")
    assert "check the host in the url" in words


def test_a_server_that_does_not_run_is_said(okrsync: Call, plain: Path) -> None:
    words = complaint(okrsync, plain, f"postgresql://plain@127.0.0.1:{free_port(0)}/okrsync")

    assert "Connection refused" in words
    assert words.endswith("check that the server runs, and the url")


def test_a_driver_that_is_not_installed_is_said_with_what_to_install(
    okrsync: Call, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)

    words = complaint(okrsync, plain, "postgresql://plain@127.0.0.1/okrsync")

    assert words.endswith("the driver is not installed; run pip install 'okrsync[postgresql]'")


@pytest.mark.parametrize(
    "url",
    [
        "mysql://127.0.0.1/okrsync", "postgresql://127.0.0.1", f"postgresql://me:{PASSWORD}@127.0.0.1/okrsync",
        pytest.param(f"postgresql://127.0.0.1/okrsync?password={PASSWORD}"), "sqlite://",
    ],
)  # fmt: skip
def test_a_url_that_names_no_store_or_a_password_is_refused_without_quoting_it(
    okrsync: Call, plain: Path, url: str
) -> None:
    assert "okrsync.yaml:3" in complaint(okrsync, plain, url, code=2)
