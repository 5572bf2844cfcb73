"""The sandbox company as somebody would leave it who writes hostile texts wherever people may write."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from okrsync.cli.main import run
from okrsync.sandbox.company import Company
from okrsync.sandbox.demo import TOKEN_NAMES, company_sites, free_port, lay_out
from support.hostile import HOSTILE

_TITLED = re.compile(r"(\[[^]]+\] |[A-Z]+-\d+: )?.*", re.DOTALL)
"""What links an item by its title stays, or there would be nothing to report on."""
_DAY = re.compile(r'"(\d{4}-\d\d-\d\d)"')
_RULED_TYPES = {"Story", "Bug", "Incident", "Epic"}
_SAID = {"because", "note", "text", "reason", "stop_if", "statement", "signs", "title", "definition", "theme"}
"""Fields of goals and of the ledger that people write in their own words."""
TEAM = '=HYPERLINK("//evil.example","x") @everyone | <script>window.PWN=1</script>\x1b[31m'


COMMANDS = {
    "plan": ("plan", "--sprint", "1133"),
    "backlog": ("plan", "--backlog"),
    "outcomes": ("outcomes", "--cycle", "all"),
    "audit-2026Q3": ("audit", "--cycle", "2026Q3"),
    "audit-2026Q4": ("audit", "--cycle", "2026Q4"),
    "retro": ("retro", "--sprint", "1131"),
}
"""Every report; sprints by their ids, for their names are hostile too."""


@contextmanager
def hostile_project(folder: Path) -> Iterator[Path]:
    """Inside, *folder* holds the hostile company, synced; its trackers have gone."""
    company, sites = company_sites(free_port(0), 7, "cloud")
    make_hostile(company)
    lay_out(company, folder)
    make_files_hostile(folder)
    with pytest.MonkeyPatch.context() as patch:
        for name in TOKEN_NAMES:
            patch.setenv(name, "sandbox")
        with sites:
            assert run(["sync", "--quiet", "--config", str(folder / "okrsync.yaml")]) == 0
        assert sites.server.errors == []
        yield folder


def make_hostile(company: Company) -> None:
    """Put a hostile text into every field of the trackers of *company* that a person fills in."""
    texts = cycle(HOSTILE)
    names = _Names(texts)
    for issue in company.jira.issues:
        _jira_issue(issue, texts, names)
    for board in company.jira.boards:
        board["name"] = names(f"board {board['id']}")
        for sprint in board.get("sprints", ()):
            sprint["name"] = names(f"sprint {sprint['id']}")
    for repository in company.github.repositories:
        for milestone in repository.milestones:
            milestone["title"] = names(f"milestone {milestone['id']}")
        for issue in repository.issues:
            issue["title"] = _titled(issue["title"], texts)
            issue["labels"].append({**_label(issue), "name": next(texts)})
            if issue.get("milestone"):
                issue["milestone"]["title"] = names(f"milestone {issue['milestone']['id']}")


def make_files_hostile(folder: Path) -> None:
    """Put hostile texts into the goals and the ledger that lie in *folder*, and a hostile team into its settings."""
    texts = cycle(HOSTILE)
    goals = folder / "okrs.yaml"
    written = _said(YAML(typ="safe").load(goals), lambda: next(texts))
    # JSON is YAML, but for its dates, which have no quotes.
    goals.write_text(_DAY.sub(r"\1", json.dumps(written, default=date.isoformat)), encoding="utf-8")
    for path in sorted((folder / "ledger").glob("*.jsonl")):
        lines = [_said(json.loads(line), lambda: next(texts)) for line in path.read_text(encoding="utf-8").splitlines()]
        path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    settings = folder / "okrsync.yaml"
    settings.write_text(
        settings.read_text(encoding="utf-8").replace("team: growth ", f"team: {json.dumps(TEAM)} "), encoding="utf-8"
    )


class _Names:
    """One hostile name for each thing that is named in several places."""

    def __init__(self, texts: Iterator[str]) -> None:
        self._texts = texts
        self._known: dict[str, str] = {}

    def __call__(self, thing: str) -> str:
        if thing not in self._known:
            self._known[thing] = next(self._texts)
        return self._known[thing]


def _jira_issue(issue: dict[str, Any], texts: Iterator[str], names: _Names) -> None:
    fields = issue["fields"]
    fields["summary"] = _titled(fields["summary"], texts)
    fields["labels"].append(next(texts))
    fields["status"]["name"] = next(texts)
    if fields["issuetype"]["name"] not in _RULED_TYPES:
        fields["issuetype"]["name"] = next(texts)
    for sprint in fields.get("customfield_10020") or ():
        sprint["name"] = names(f"sprint {sprint['id']}")
    if fields.get("customfield_10001"):
        fields["customfield_10001"]["name"] = TEAM


def _titled(title: str, texts: Iterator[str]) -> str:
    found = _TITLED.fullmatch(title)
    return f"{(found and found[1]) or ''}{next(texts)}"


def _label(issue: dict[str, Any]) -> dict[str, Any]:
    return {"id": issue["id"], "node_id": f"LA_{issue['id']}", "color": "ededed", "default": False, "description": None}


def _said(value: Any, text: Callable[[], str], name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _said(entry, text, key) for key, entry in value.items()}
    if isinstance(value, list):
        return [_said(entry, text, name) for entry in value]
    return text() if name in _SAID and isinstance(value, str) else value
