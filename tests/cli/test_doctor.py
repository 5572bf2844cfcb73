from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfoNotFoundError

import pytest

from okrsync.cli.doctor import text_lines
from okrsync.jobs.doctor import CheckResult, Diagnosis, Surroundings, diagnose, file_system, is_between_machines
from okrsync.jobs.sync_all import connect
from okrsync.plugins import discovery
from okrsync.plugins.connector import CONNECTOR_GROUP, CheckLine
from okrsync.sandbox.company import Company
from okrsync.sandbox.demo import TOKEN_NAMES, free_port
from okrsync.sandbox.serve import Sites
from support.running import Run

PLENTY = 10 * 1024**3


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """No runner, and nobody waits."""
    for name in ("CI", "GITHUB_ACTIONS", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("okrsync.plugins.http._backoff", lambda _: 0.0)


@pytest.fixture
def config(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The synced company's file, its tokens at hand."""
    for name in TOKEN_NAMES:
        monkeypatch.setenv(name, "sandbox")
    return project / "okrsync.yaml"


def around(*, mounts: Path | None = None, free: int = PLENTY, **environment: str) -> Surroundings:
    return Surroundings(mounts or Path("/nowhere/mounts"), environment, lambda _: free)


def of(diagnosis: Diagnosis, group: str, level: str = "") -> list[tuple[str, str]]:
    """What the lines of *group* say and advise, those of *level* where one is given."""
    return [
        (check.what, check.advice) for check in diagnosis.checks if check.group == group and level in {"", check.level}
    ]


def change(config: Path, old: str, new: str) -> None:
    text = config.read_text(encoding="utf-8")
    assert old in text
    config.write_text(text.replace(old, new), encoding="utf-8")


def put(config: Path, key: str, value: str) -> None:
    """Let *key* at the top of the file have *value*, whether or not it is there."""
    others = re.sub(rf"^{key}:.*\n", "", config.read_text(encoding="utf-8"), flags=re.MULTILINE)
    config.write_text(f"{others}\n{key}: {value}\n", encoding="utf-8")


def test_a_project_that_is_well_has_no_fail_and_exit_code_0(okrsync: Run, config: Path) -> None:
    ran = okrsync("doctor")
    assert ran.code == 0, ran.out
    assert "fail " not in ran.out
    for words in (
        "the files load: 3 sources",
        "these load: csv, github, http, items, jira,",
        "schema 0004, up to date",
        "is sound",
    ):
        assert words in ran.out
    assert "can be written" in ran.out
    assert "its token comes from environment variable OKRSYNC_GITHUB_TOKEN" in ran.out
    assert "history can be read" in ran.out


def test_the_report_is_the_same_as_json(okrsync: Run, config: Path) -> None:
    ran = okrsync("doctor", "--format", "json")
    assert ran.code == 0
    assert ran.json["schema_version"] == 1
    assert ran.json["ok"] is True
    groups = list(dict.fromkeys(check["group"] for check in ran.json["checks"]))
    assert groups[:5] == ["project", "plugins", "store", "ledger", "time zone"]
    assert [group for group in groups if group.startswith("source ")] == groups[5:]
    assert all(check.keys() == {"group", "level", "what", "advice"} for check in ran.json["checks"])
    assert all(bool(check["advice"]) == (check["level"] != "ok") for check in ran.json["checks"])


def test_text_fits_eighty_columns_and_says_what_to_do(okrsync: Run, config: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("OKRSYNC_JIRA_TOKEN", "bad")
    out = okrsync("doctor").out
    assert max(map(len, out.splitlines())) <= 80
    assert re.search(r"^  fail  account: the token is refused \(401\)\n        -> check or renew the token$", out, re.M)
    assert out.splitlines()[-1].endswith(" 1 fail")


def test_long_words_are_cut_to_the_width() -> None:
    lines = [*text_lines(Diagnosis((CheckResult("store", "warn", "x" * 200, "y" * 100),)))]
    assert max(len(re.sub(r"\x1b\[\d+m", "", line)) for line in lines) == 80


@pytest.mark.parametrize("name", TOKEN_NAMES)
def test_a_token_that_is_refused_fails_with_4_and_is_not_shown(
    okrsync: Run, config: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "bad")
    ran = okrsync("doctor", "--format", "json")
    assert ran.code == 4
    failed = [check for check in ran.json["checks"] if check["level"] == "fail"]
    assert failed
    assert all("(401)" in check["what"] for check in failed)
    assert "bad" not in re.findall(r"\w+", ran.out)


def test_a_token_that_is_not_set_fails_with_4_and_names_its_place(
    okrsync: Run, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OKRSYNC_JIRA_TOKEN")
    ran = okrsync("doctor")
    assert ran.code == 4
    assert "environment variable OKRSYNC_JIRA_TOKEN: not set" in ran.out
    assert "export OKRSYNC_JIRA_TOKEN with the token" in ran.out


def test_a_tracker_that_does_not_answer_fails_with_1(
    okrsync: Run, config: Path, company: tuple[Company, Sites]
) -> None:
    change(config, company[1].server.url, f"http://127.0.0.1:{free_port(0)}")
    ran = okrsync("doctor", "--format", "json")
    assert ran.code == 1
    failed = [check["what"] for check in ran.json["checks"] if check["level"] == "fail"]
    assert len(failed) == 3
    assert all("no connection" in what or "no more are sent" in what for what in failed)


def test_files_that_do_not_load_fail_with_2_each_mistake_a_line(okrsync: Run, config: Path) -> None:
    change(config, "timezone: ", "timezone: Mars/")
    config.write_text(config.read_text(encoding="utf-8") + "colour: blue\n", encoding="utf-8")
    ran = okrsync("doctor", "--format", "json")
    assert ran.code == 2
    failed = [check for check in ran.json["checks"] if check["level"] == "fail"]
    assert [check["group"] for check in failed] == ["project", "project"]
    assert all(re.match(r".*okrsync\.yaml:\d+:\d+: ", check["what"]) for check in failed)
    assert all(check["advice"] for check in failed)
    assert {check["group"] for check in ran.json["checks"]} == {"project", "plugins"}


def test_a_configuration_that_is_not_there_fails_with_2(okrsync: Run, tmp_path: Path) -> None:
    assert okrsync("doctor", "--config", tmp_path / "none.yaml").code == 2


@pytest.mark.parametrize(("codes", "expected"), [((), 0), ((1,), 1), ((1, 4), 4), ((4, 2, 1), 2)])
def test_the_worst_kind_of_fail_is_the_exit_code(codes: Sequence[int], expected: int) -> None:
    checks = [
        CheckResult("g", "warn", "w", "a", exit_code=2),
        *(CheckResult("g", "fail", "f", "a", code) for code in codes),
    ]
    assert Diagnosis(tuple(checks)).exit_code == expected
    assert Diagnosis(tuple(checks)).is_ok == (expected == 0)


def test_a_broken_plugin_that_nothing_uses_is_a_warning(config: Path, broken: Callable[[str], None]) -> None:
    broken("linear")
    diagnosis = diagnose(config, around())
    ((what, advice),) = of(diagnosis, "plugins", "warn")
    assert 'plugin "linear" (okrsync.connectors) could not be loaded: ModuleNotFoundError' in what
    assert advice == "reinstall or remove not_there_at_all:Connector"
    assert diagnosis.exit_code == 0


def test_a_broken_plugin_that_a_source_uses_fails_and_hides_no_other(
    config: Path, broken: Callable[[str], None]
) -> None:
    broken("jira")
    diagnosis = diagnose(config, around())
    assert len(of(diagnosis, "plugins", "fail")) == 1
    assert diagnosis.exit_code == 1
    assert of(diagnosis, "source web", "fail") == []


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Makes a connector of this name one that does not import."""
    real = entry_points
    monkeypatch.setattr(discovery, "_installed", discovery._installed.__wrapped__)

    def name(name: str) -> None:
        point = EntryPoint(name, "not_there_at_all:Connector", CONNECTOR_GROUP)

        def found(*, group: str) -> list[EntryPoint]:
            others = [each for each in real(group=group) if (each.name, group) != (name, point.group)]
            return [*others, point] if group == point.group else others

        monkeypatch.setattr(discovery, "entry_points", found)
        discovery.load_connector.cache_clear()

    yield name
    discovery.load_connector.cache_clear()


@pytest.mark.parametrize("kind", ["nfs4", "nfs", "cifs", "smb3", "9p", "fuse.sshfs", "fuse.gcsfuse"])
def test_a_store_on_a_network_file_system_fails_and_is_not_opened(config: Path, tmp_path: Path, kind: str) -> None:
    folder = str(config.parent.resolve()).replace(" ", "\\040")
    mounts = tmp_path / "mounts"
    mounts.write_text(
        f"overlay / overlay rw 0 0\ntmpfs /tmp tmpfs rw 0 0\nhost:/x {folder} {kind} rw 0 0\n", encoding="utf-8"
    )
    before = (config.parent / "okrsync.db").read_bytes()
    diagnosis = diagnose(config, around(mounts=mounts))
    ((what, advice),) = of(diagnosis, "store", "fail")
    assert f"is on a network file system ({kind}): WAL does not work there" in what
    assert "postgresql://" in advice
    assert diagnosis.exit_code == 1
    assert (config.parent / "okrsync.db").read_bytes() == before


def test_the_nearest_mount_counts_and_a_later_one_covers_an_earlier(tmp_path: Path) -> None:
    shared = tmp_path / "a b"
    (shared / "local").mkdir(parents=True)
    mounts = tmp_path / "mounts"
    named = str(shared).replace(" ", "\\040")
    mounts.write_text(
        f"a / ext4 rw\nb {named} xfs rw\nc {named} nfs rw\nd {named}/local ext4 rw\nnonsense\n", encoding="utf-8"
    )
    assert file_system(shared, mounts) == "nfs"
    assert file_system(shared / "local", mounts) == "ext4"
    assert file_system(tmp_path, mounts) == "ext4"
    assert file_system(tmp_path, tmp_path / "none") == ""


@pytest.mark.parametrize("kind", ["", "ext4", "tmpfs", "overlay", "fuseblk", "fuse.fuse-overlayfs"])
def test_a_local_disk_is_no_network(kind: str) -> None:
    assert not is_between_machines(kind)


@pytest.mark.parametrize("name", ["CI", "GITHUB_ACTIONS", "GITLAB_CI"])
def test_a_new_store_on_a_runner_is_a_warning(config: Path, name: str) -> None:
    for leftover in config.parent.glob("okrsync.db*"):
        leftover.unlink()
    diagnosis = diagnose(config, Surroundings(Path("/nowhere"), {name: "true"}, lambda _: PLENTY))
    ((what, advice),) = of(diagnosis, "store", "warn")
    assert "thrown away" in what
    assert "PostgreSQL" in advice or "postgresql" in advice
    assert "cache" in advice
    assert diagnosis.exit_code == 0
    assert list(config.parent.glob("okrsync.db*")) == [], "it must not make a store"


def test_a_store_without_a_run_on_a_runner_is_a_warning_and_a_kept_one_is_not(config: Path) -> None:
    kept = diagnose(config, around(CI="1"))
    assert ("this is a runner, and the store was kept from an earlier run", "") in of(kept, "store", "ok")
    with closing(sqlite3.connect(config.parent / "okrsync.db")) as connection, connection:
        connection.execute("DELETE FROM sync_run")
    connection.close()
    assert len(of(diagnose(config, around(CI="1")), "store", "warn")) == 1
    assert of(diagnose(config, around(CI="false")), "store", "warn") == []


@pytest.mark.parametrize(
    ("free", "level", "code"), [(PLENTY, "ok", 0), (500 * 1024**2, "warn", 0), (10 * 1024**2, "fail", 1)]
)
def test_the_space_on_the_stores_disk_is_told(config: Path, free: int, level: str, code: int) -> None:
    diagnosis = diagnose(config, around(free=free))
    assert any("MiB are free" in what for what, _ in of(diagnosis, "store", level))
    assert diagnosis.exit_code == code


def test_a_file_that_is_no_store_fails_and_the_sources_are_looked_at_all_the_same(config: Path) -> None:
    for leftover in config.parent.glob("okrsync.db*"):
        leftover.unlink()
    (config.parent / "okrsync.db").write_text(
        "no database at all, but long enough to be taken for one" * 50, encoding="utf-8"
    )
    diagnosis = diagnose(config, around())
    ((what, advice),) = of(diagnosis, "store", "fail")
    assert "not a database" in what
    assert "can be rebuilt by a sync" in advice
    assert diagnosis.exit_code == 1
    assert of(diagnosis, "source web", "ok")


def test_a_damaged_store_fails_with_what_is_wrong(config: Path) -> None:
    with closing(sqlite3.connect(config.parent / "okrsync.db")) as connection, connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("INSERT INTO item_raw VALUES ('web', '999999', x'00')")
    connection.close()
    diagnosis = diagnose(config, around())
    ((what, advice),) = of(diagnosis, "store", "fail")
    assert what == "1 raw items belong to no item"
    assert "sync again" in advice


def test_a_store_of_a_newer_okrsync_fails_with_2(config: Path) -> None:
    with closing(sqlite3.connect(config.parent / "okrsync.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    diagnosis = diagnose(config, around())
    assert of(diagnosis, "store", "fail")[0][1] == "update okrsync"
    assert diagnosis.exit_code == 2


def test_the_folder_of_a_store_must_be_there(config: Path) -> None:
    put(config, "store", "sqlite:///none/okrsync.db")
    diagnosis = diagnose(config, around())
    assert of(diagnosis, "store", "fail")[0][0].endswith("none: no such folder")
    assert diagnosis.exit_code == 1


@pytest.mark.parametrize("name", ["", "okrsync.db"])
def test_a_store_that_cannot_be_written_fails(config: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    real = os.access
    place = config.parent.resolve() / name
    monkeypatch.setattr("okrsync.jobs.doctor.os.access", lambda path, mode: Path(path) != place and real(path, mode))
    diagnosis = diagnose(config, around())
    assert of(diagnosis, "store", "fail") == [
        (f"{place} cannot be written", "check its permissions, or name another store")
    ]
    assert diagnosis.exit_code == 1


def test_a_store_on_a_server_that_does_not_answer_fails(config: Path) -> None:
    put(config, "store", f"postgresql://me@127.0.0.1:{free_port(0)}/okrsync")
    diagnosis = diagnose(config, around(CI="1"))
    ((what, advice),) = of(diagnosis, "store", "fail")
    assert what.startswith("postgresql://127.0.0.1/okrsync: ")
    assert advice == "check that the server runs, and the url"


def test_a_ledger_that_cannot_be_written_fails(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.access
    ledger = config.parent / "ledger"
    monkeypatch.setattr("okrsync.jobs.doctor.os.access", lambda path, mode: Path(path) != ledger and real(path, mode))
    diagnosis = diagnose(config, around())
    assert of(diagnosis, "ledger", "fail") == [(f"{ledger} cannot be written", "check its permissions")]
    assert diagnosis.exit_code == 1


def test_a_ledger_that_is_not_there_yet_is_well(config: Path) -> None:
    put(config, "ledger", "records/2026/")
    (line,) = of(diagnose(config, around()), "ledger", "ok")
    assert line[0].endswith("is made by the first record")


def test_a_zone_that_no_longer_loads_fails(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(name: str) -> None:
        raise ZoneInfoNotFoundError(name)

    monkeypatch.setattr("okrsync.jobs.doctor.ZoneInfo", none)
    diagnosis = diagnose(config, around())
    assert of(diagnosis, "time zone", "fail")[0][1] == "run pip install tzdata"


def test_a_skewed_clock_is_a_warning_of_each_source(config: Path) -> None:
    # The company lives on a day of its own, so this machine's clock is wrong by its trackers'.
    diagnosis = diagnose(config, around())
    skewed = [check for check in diagnosis.checks if check.level == "warn" and "clock" in check.what]
    assert {check.group for check in skewed} == {"source web", "source platform", "source product"}
    assert all("clock" in check.advice for check in skewed)
    assert diagnosis.exit_code == 0


def test_a_token_that_may_do_too_much_is_a_warning(config: Path, company: tuple[Company, Sites]) -> None:
    site = company[1].github
    site.scopes = "repo, read:org"
    try:
        diagnosis = diagnose(config, around())
    finally:
        site.scopes = None
    warned = of(diagnosis, "source web", "warn")
    assert ("the token may do more than read: repo") in [what for what, _ in warned]
    assert diagnosis.exit_code == 0


def test_a_connector_that_cannot_check_itself_is_one_line(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("okrsync.jobs.doctor.connect", lambda *_: object())
    diagnosis = diagnose(config, around())
    assert of(diagnosis, "source web") == [
        ("its token comes from environment variable OKRSYNC_GITHUB_TOKEN", ""),
        ("the connector github cannot check itself", "run okrsync sync to see it read"),
    ]
    assert diagnosis.exit_code == 0


def test_a_connector_with_a_bug_is_a_line_and_hides_no_other(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(source: Any, context: Any) -> Any:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("okrsync.jobs.doctor.connect", broken)
    diagnosis = diagnose(config, around())
    told = [check for check in diagnosis.checks if check.level == "fail"]
    assert len(told) == 3
    assert all("failed with ZeroDivisionError" in check.what for check in told)
    assert "secret detail" not in str(diagnosis)


def test_a_line_that_fails_without_an_error_of_reading_ends_with_1(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = connect

    def gloomy(source: Any, context: Any) -> Any:
        connector: Any = real(source, context)
        connector.check = lambda: [CheckLine("fail", "a project is missing")]
        return connector

    monkeypatch.setattr("okrsync.jobs.doctor.connect", gloomy)
    diagnosis = diagnose(config, around())
    assert diagnosis.exit_code == 1
    assert ("a project is missing", "see the documentation of the connector") in of(diagnosis, "source web", "fail")


def test_connectors_know_what_earlier_runs_learned(config: Path, company: tuple[Company, Sites]) -> None:
    company[1].server.clear_log()
    diagnose(config, around())
    asked = [each.path for each in company[1].server.log]
    assert sum(path.endswith("/board") for path in asked) <= 1
    assert all(each.method == "GET" or each.path.endswith("/graphql") for each in company[1].server.log)
