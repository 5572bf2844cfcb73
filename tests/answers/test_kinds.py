"""Every kind of question: one read transaction, and the same answer for the command line, the server and the site."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from okrsync.answers.evaluation import with_outcomes
from okrsync.answers.kinds import KINDS
from okrsync.answers.query import ask
from okrsync.answers.report_data import report_inputs
from okrsync.answers.workspace import Workspace, open_workspace
from okrsync.store.database import Store
from okrsync.store.snapshot import Snapshot
from okrsync.web.app import Application
from okrsync.web.site import write_site
from support.running import Run

CHOICES = {
    "plan": {"sprint": "product:1133"},
    "retro": {"sprint": "product:1131"},
    "check": {"target": "KR1.1"},
    "why": {"item": "GRO-84"},
    "metric": {"name": "activation"},
}
"""What has to be chosen: the server takes the first sprint of its list where none is named."""
COMMANDS = {
    "plan": ("plan", "--sprint", "product:1133"),
    "retro": ("retro", "--sprint", "product:1131"),
    "check": ("check", "KR1.1"),
    "why": ("why", "GRO-84"),
    "hypotheses": ("hypothesis", "list"),
    "metrics": ("metric", "list"),
    "metric": ("metric", "show", "activation"),
}
FORMATS = {"text": "txt", "markdown": "md", "json": "json", "html": "html", "csv": "csv"}
DIGEST = re.compile(r"data <code>([0-9a-f]+)</code>")


@pytest.fixture
def workspace(project: Path) -> Iterator[Workspace]:
    with open_workspace(project / "okrsync.yaml") as opened:
        yield opened


@pytest.mark.parametrize("name", KINDS)
def test_a_question_is_answered_from_one_transaction(
    workspace: Workspace, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    read = Store.read

    @contextmanager
    def counted(self: Store) -> Iterator[Snapshot]:
        opened.append(name)
        with read(self) as view:
            yield view

    monkeypatch.setattr(Store, "read", counted)
    ask(workspace, KINDS[name].question_class(**CHOICES.get(name, {})))

    assert opened == [name]


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.pickers])
def test_command_and_server_give_the_same_digest(okrsync: Run, project: Path, name: str) -> None:
    command = okrsync(*COMMANDS.get(name, (name,)), "--format", "json")
    application = Application(project / "okrsync.yaml", {"localhost"})
    query = "&".join(f"{choice}={value}" for choice, value in CHOICES.get(name, {}).items())
    answer = application.answer("GET", f"/{name}", query, "localhost")

    found = DIGEST.search(answer.body)
    assert found is not None
    assert found[1] == command.json["data_digest"]


def test_the_pages_of_the_site_have_the_digests_of_the_commands(
    okrsync: Run, workspace: Workspace, tmp_path: Path
) -> None:
    site = write_site(workspace, tmp_path / "site")
    digests = {path.name: DIGEST.search(path.read_text(encoding="utf-8")) for path in site.paths}

    for file, command in (
        ("outcomes-2026Q4.html", ("outcomes", "--cycle", "2026Q4")),
        ("audit-2026Q3.html", ("audit", "--cycle", "2026Q3")),
        ("retro-product-1131.html", ("retro", "--sprint", "product:1131")),
    ):
        found = digests[file]
        assert found is not None, file
        assert found[1] == okrsync(*command, "--format", "json").json["data_digest"], file


@pytest.mark.parametrize("name", KINDS)
def test_every_question_in_every_format_with_out_and_without_titles(
    okrsync: Run, project: Path, tmp_path: Path, name: str
) -> None:
    line = COMMANDS.get(name, (name,))
    with open_workspace(project / "okrsync.yaml") as opened, opened.reading() as view:
        titles = {item.title for item in view.items() if len(item.title) > 12}
    for form, ending in FORMATS.items():
        out = tmp_path / form / f"report.{ending}"
        ran = okrsync(*line, "--format", form, "--out", str(out), "--redact", "titles")

        assert ran.code in {0, 5}, ran.err
        written = "".join(path.read_text(encoding="utf-8") for path in (out.rglob("*.csv") if out.is_dir() else [out]))
        assert written, form
        assert not [title for title in titles if title in written], form


@pytest.mark.parametrize("name", KINDS)
def test_a_part_of_the_store_answers_as_all_of_it(workspace: Workspace, name: str) -> None:
    question = KINDS[name].question_class(**CHOICES.get(name, {}))
    everything = with_outcomes(workspace, report_inputs(workspace, None))

    of_part, of_all = ask(workspace, question), ask(workspace, question, everything)

    # A plan's suggestions learn from what it reads, and report how often they were right on that.
    left_out = {"held_out", "data_digest"}
    assert {key: value for key, value in of_part.document.items() if key not in left_out} == {
        key: value for key, value in of_all.document.items() if key not in left_out
    }
