"""What lies under a security level of a tracker is in no report, and in no number of one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time
from pathlib import Path

import pytest

from okrsync.answers.evaluation import GONE
from okrsync.cli.main import run
from okrsync.sandbox.company import Company, build_company
from okrsync.sandbox.demo import TOKEN_NAMES, free_port, lay_out
from okrsync.sandbox.serve import Sites
from support.every_format import every_format
from support.matrices import one_in
from support.running import Run

COMMANDS = {
    "plan": ("plan", "--sprint", "1133"),
    "outcomes": ("outcomes", "--cycle", "all"),
    "audit": ("audit", "--cycle", "2026Q3"),
    "retro": ("retro", "--sprint", "1131"),
}
SECRET = {"GRO-48", "GRO-72", "GRO-88", "PAY-62"}
"""Delivered: one of a group that is judged together, a win of its own, one that serves nothing, one never judged."""
PLANNED = 2
"""So many of the sprint that is planned, and of the one that is looked back on, are secret too."""
TITLE = "Buy the rival before spring"
LEVEL = {"id": "10001", "name": "Board"}


def secret_keys(company: Company) -> set[str]:
    """Every second of *SECRET* and of each sprint's items: what is left has work of every kind."""

    def in_sprint(id_: int) -> list[str]:
        return [
            issue["key"]
            for issue in company.jira.issues
            if any(sprint["id"] == id_ for sprint in issue["fields"].get("customfield_10020") or ())
        ]

    return SECRET | {key for id_ in (1131, 1133) for key in in_sprint(id_)[:PLANNED]}


@contextmanager
def synced(folder: Path, port: int, secret: str) -> Iterator[tuple[Sites, set[str]]]:
    """Inside, *folder* holds the company, synced; its *secret* items (their keys) are absent, hidden, or open."""
    base = f"http://127.0.0.1:{port}"
    company = build_company(7, github_url=f"{base}/github", jira_url=f"{base}/jira")
    keys = secret_keys(company)
    for issue in company.jira.issues:
        if issue["key"] in keys:
            issue["fields"]["summary"] += f": {TITLE}"
            issue["fields"]["security"] = LEVEL if secret == "hidden" else None
    if secret == "absent":
        company.jira.issues[:] = [issue for issue in company.jira.issues if issue["key"] not in keys]
    lay_out(company, folder)
    sites = Sites(company.github, company.jira, clock=lambda: datetime.combine(company.today, time(20), UTC), port=port)
    with pytest.MonkeyPatch.context() as patch, sites:
        for name in TOKEN_NAMES:
            patch.setenv(name, "sandbox")
        sync(folder)
        yield sites, keys


def sync(folder: Path) -> None:
    assert run(["sync", "--quiet", "--config", str(folder / "okrsync.yaml")]) == 0


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same company twice: without the secret items, and with them under a level."""
    base, port = tmp_path_factory.mktemp("levels"), free_port(0)
    made = {name: base / name / "project" for name in ("absent", "hidden")}
    for name, folder in made.items():
        with synced(folder, port, name):
            pass
    return made


@pytest.fixture(scope="module")
def later(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> None:
    """The company once more: items that were put under a level after they had been read."""
    folder = tmp_path_factory.mktemp("later") / "project"
    with synced(folder, free_port(0), "open") as (sites, keys):
        for key in keys:
            sites.jira.edit(key, datetime(2026, 11, 20, 19, 50, tzinfo=UTC), security=LEVEL)
        sync(folder)
    folders["later"] = folder


def keys_in(text: bytes) -> set[str]:
    return set(re.findall(r"\b(?:PAY|GRO)-\d+\b", text.decode()))


@pytest.fixture(scope="module")
def files() -> dict[tuple[str, str], dict[str, bytes]]:
    """What was written already, by company and report: each report is made once."""
    return {}


@pytest.fixture
def written(
    okrsync: Run,
    folders: dict[str, Path],
    files: dict[tuple[str, str], dict[str, bytes]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[str, str], dict[str, bytes]]:
    """The report of a name of one of the companies, every file of every format."""

    def write(company: str, name: str) -> dict[str, bytes]:
        if (company, name) not in files:
            monkeypatch.chdir(folders[company])
            with every_format(tmp_path / company) as made:
                ran = okrsync(*COMMANDS[name])
            assert ran.code == 0, ran.err
            files[company, name] = made.files()
        return files[company, name]

    return write


@pytest.mark.parametrize("name", one_in(2, COMMANDS))
def test_what_is_under_a_security_level_is_neither_told_nor_counted(
    written: Callable[[str, str], dict[str, bytes]], name: str
) -> None:
    """To the byte, the report is that of a company that does not have these items."""
    absent, hidden = (written(company, name) for company in ("absent", "hidden"))

    assert hidden == absent


@pytest.mark.long
@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("name", COMMANDS)
def test_what_was_put_under_a_security_level_later_is_told_no_more(
    written: Callable[[str, str], dict[str, bytes]], name: str
) -> None:
    found, absent = (written(company, name) for company in ("later", "absent"))

    for file, text in found.items():
        assert TITLE not in text.decode(), file
        # Pull requests and people's own records name some of them still.
        assert keys_in(text) <= keys_in(absent[file]), file
    # A verdict on record stays that of a group, whoever may still be named.
    assert (GONE in found["report.json"].decode()) == (name in {"outcomes", "audit"})
