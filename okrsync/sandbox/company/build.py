"""Puts the company together: goals, series, items, trackers, ledger and truth, all from one seed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from okrsync.sandbox.company.backlog import write_backlog, write_special
from okrsync.sandbox.company.calendar import TODAY
from okrsync.sandbox.company.deliveries import PARENT_KEY_EPIC, write_epics, write_units
from okrsync.sandbox.company.github_raw import github_data
from okrsync.sandbox.company.goals import OKRS_YAML
from okrsync.sandbox.company.jira_raw import jira_data
from okrsync.sandbox.company.ledger_text import expectations, ledger_files
from okrsync.sandbox.company.series import build_series, csv_files
from okrsync.sandbox.company.settings_text import settings_yaml
from okrsync.sandbox.company.truth import describe
from okrsync.sandbox.company.work import BacklogBuilder
from okrsync.sandbox.tracker_data import GithubData, JiraData, JiraKind


@dataclass(frozen=True, slots=True)
class Company:
    """Ferrywell, a made-up firm that sells tickets: its trackers, what its people wrote, and what is true."""

    today: date
    github: GithubData
    jira: JiraData
    files: dict[str, str]
    """Text by relative path: ``okrsync.yaml``, ``okrs.yaml``, ``metrics/*.csv``, ``ledger/*.jsonl``, ``truth.json``."""
    truth: dict[str, Any]
    """What ``truth.json`` holds."""


def build_company(seed: int = 7, *, github_url: str, jira_url: str, jira_kind: JiraKind = "cloud") -> Company:
    """
    Return the simulated company: 600 items, 19 metrics, 15 key results, and the planted truth.

    The same arguments give the same bytes. The URLs are where the trackers will be served; they stand in
    ``okrsync.yaml`` and, for Jira, in the addresses inside the objects.
    """
    chance, series_chance, github_chance, jira_chance = np.random.default_rng(seed).spawn(4)
    desk = BacklogBuilder(chance)
    write_epics(desk)
    units = write_units(desk)
    special = write_special(desk)
    write_backlog(desk)
    expecting = expectations(units, [item for item in desk.items if item.closed is None])
    desk.number()
    truth = describe(seed, units, desk.items, special, expecting)
    epic = desk.epics[PARENT_KEY_EPIC]
    files = {
        "okrsync.yaml": settings_yaml(
            github_url=github_url, jira_url=jira_url, epic=epic.key, epic_title=epic.title, cloud=jira_kind == "cloud"
        ),
        "okrs.yaml": OKRS_YAML,
        **csv_files(build_series(series_chance)),
        **ledger_files(units, special),
        "truth.json": json.dumps(truth, indent=2, ensure_ascii=False) + "\n",
    }
    return Company(
        TODAY,
        github_data(desk.items, github_chance),
        jira_data(desk.items, jira_url, jira_kind, jira_chance),
        files,
        truth,
    )
