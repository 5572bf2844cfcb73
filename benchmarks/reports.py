"""
How long each report takes, and how much memory, over a large store: every one a process of its own, as people run it.

The store is as syncs would have left it: items of three years with labels, parents, pull requests and history; a daily
series for each key result; links and verdicts on record. Printed with the machine's load: on a shared machine CPU time
and ratios within one run mean something, wall time less.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from okrsync.answers.report_data import report_inputs
from okrsync.answers.workspace import open_workspace
from okrsync.jobs.recording import keep_placements, recorded_outcomes
from okrsync.model.work import (
    Directive,
    EventField,
    EventOrigin,
    Item,
    ItemEvent,
    ItemKind,
    Iteration,
    IterationRecord,
    Size,
    Status,
)
from okrsync.store import codec
from okrsync.store.database import Store
from okrsync.store.records import RunRecord, SaveCounts
from okrsync.store.tables import item, item_event, observation, stream_state
from okrsync.web.app import Application

TODAY = datetime.now(UTC).date()
DAYS = 1095
CYCLES = 12
BAR_SECONDS, BAR_MB = 3.0, 400
REPORTS = {
    "outcomes": ["outcomes"],
    "status": ["status"],
    "progress": ["progress"],
    "stoplist": ["stoplist"],
    "values": ["values"],
    "plan": ["plan", "--sprint", "team-7 Sprint 78"],
    "backlog": ["plan", "--backlog"],
    "audit": ["audit", "--cycle", "C11"],
    "check": ["check", "C11/KR1.2"],
    "no such name": ["check", "TYPO-1"],
    "why": ["why", "acme/web#1"],
    "hypotheses": ["hypothesis", "list"],
    "changes": ["changes"],
    "metrics": ["metric", "list"],
    "suggest": ["suggest"],
}
REFUSED = {"no such name"}
"""What ends with exit code 2: a wrong name must not cost more than a right one."""
BATCH = 20_000
# As installed: compiled once. One thread, for the other core is somebody else's.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {
    "OPENBLAS_NUM_THREADS": "1"
}
# As the recorded trackers have them: 80 in a hundred delivered, 12 open, 8 dropped.
TEAMS, SPRINTS = 40, 78
STATUSES = (Status.DONE,) * 20 + (Status.TODO,) * 2 + (Status.IN_PROGRESS,) * 1 + (Status.DROPPED,) * 2
TYPES = ("Story",) * 6 + ("Task",) * 3 + ("Bug",)


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds and megabytes of one process."""

    wall: float
    cpu: float
    peak_mb: float


def first_day(cycle: int) -> date:
    """Cycles follow one another; the last runs on the day of the report."""
    return TODAY - timedelta(days=60 + (CYCLES - 1 - cycle) * 91)


def project(folder: Path, key_results: int, *, at_once: bool) -> None:
    """The files of a project; *at_once*: all key results in the cycle that runs."""
    folder.mkdir(parents=True, exist_ok=True)
    cycles = [
        {"id": f"C{number}", "start": first_day(number), "end": first_day(number) + timedelta(days=90)}
        for number in range(CYCLES)
    ]
    apiece = -(-key_results // (1 if at_once else CYCLES))
    places = [(CYCLES - 1 if at_once else number // apiece, number % apiece) for number in range(key_results)]
    objectives: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for cycle, number in places:
        start, end = cycles[cycle]["start"], cycles[cycle]["end"]
        entry = {"id": f"KR{number // 4 + 1}.{number % 4 + 1}", "title": f"More of what counts {number}"}
        measure = {"metric": f"m{cycle}-{number}", "direction": "increase", "kind": "lagging", "min_effect": 2.0}
        ends = {"baseline": {"value": 100.0, "date": start}, "target": {"value": 120.0, "date": end}}
        objectives.setdefault((cycle, number // 4), []).append({**entry, **measure, **ends})
    okrs = {
        "version": 1,
        "values": [{"id": "trust", "statement": "People can rely on us", "guardrails": ["m11-0"]}],
        "cycles": cycles,
        "metrics": [
            {
                "id": f"m{cycle}-{number}",
                "definition": "what is counted, and of whom",
                "unit": "%",
                "source": {"type": "csv", "path": f"metrics/m{cycle}-{number}.csv"},
                "cadence": "daily",
            }
            for cycle, number in places
        ],
        "objectives": [
            {"id": f"O{number + 1}", "cycle": f"C{cycle}", "title": f"Objective {number + 1}"}
            | {"values": [{"id": "trust", "because": "they asked for it"}], "key_results": entries}
            for (cycle, number), entries in objectives.items()
        ],
    }
    settings = {
        "version": 1,
        "timezone": "Europe/Berlin",
        "store": "sqlite:///okrsync.db",
        "sources": [
            {"name": "web", "connector": "github", "token": {"env": "UNUSED"}, "repositories": ["acme/web"]},
        ],
        "work": {
            "rules": [
                {"if": {"label": "kr/*"}, "link": "from_label"},
                {"if": {"body": "KR:"}, "link": "from_body"},
                {"if": {"title": "[*]"}, "link": "from_title"},
                {"if": {"parent": "linked"}, "link": "inherit"},
            ],
            "exempt": [
                {"id": "run", "if": {"type": ["Bug", "Incident"]}, "budget": "25%"},
                {"id": "upkeep", "if": {"label": "upkeep"}, "budget": "15%"},
            ],
        },
    }
    (folder / "okrs.yaml").write_text(_yaml(okrs), encoding="utf-8")
    (folder / "okrsync.yaml").write_text(_yaml(settings), encoding="utf-8")


def _yaml(document: dict[str, Any]) -> str:
    """As people write it: an entry a line, days without quotes."""
    lines = []
    for name, value in document.items():
        if isinstance(value, list):
            lines += [f"{name}:", *(f"  - {_flow(entry)}" for entry in value)]
        elif isinstance(value, dict):
            lines += [f"{name}:", *(f"  {key}: {_flow(entry)}" for key, entry in value.items())]
        else:
            lines.append(f"{name}: {_flow(value)}")
    return "\n".join([*lines, ""])


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return value.isoformat() if isinstance(value, date) else json.dumps(value)


def items(count: int, names: Sequence[str], chance: random.Random) -> Iterator[tuple[Item, list[ItemEvent]]]:
    """*count* items of three years: two in five name a key result, the others have a parent, an issue, or nothing."""
    start = datetime.combine(TODAY - timedelta(days=DAYS), datetime.min.time(), UTC)
    status = Status.TODO
    for number in range(1, count + 1):
        created = start + timedelta(days=DAYS) * (number / (count + 1))
        is_request = number % 3 == 0
        # A pull request is as far as the issue before it, which it closes.
        status = status if is_request else chance.choice(STATUSES)
        delivered = created + timedelta(days=chance.uniform(1, 20)) if status is Status.DONE else None
        if delivered is not None and delivered.date() > TODAY:
            status, delivered = Status.IN_PROGRESS, None
        label = (f"kr/{chance.choice(names)}",) if not is_request and chance.random() < 0.4 else ()
        made = Item(
            source="web",
            external_id=str(number),
            key=f"acme/web#{number}",
            url=f"https://github.com/acme/web/issues/{number}",
            kind=ItemKind.PULL_REQUEST if is_request else ItemKind.ISSUE,
            type="" if is_request else chance.choice(TYPES),
            title=f"Make the page of step {number} say what it is about",
            status=status,
            original_status=status.value,
            created=created,
            updated=delivered or created,
            delivered=delivered,
            size=Size(float(chance.randint(1, 8)), "points") if chance.random() < 0.7 else None,
            project="acme/web",
            team=f"team-{number % TEAMS}",
            iterations=sprints(number, delivered, status),
            parent="" if is_request or number % 5 else f"acme/web#{max(1, number - 7)}",
            labels=(*label, "ui") if number % 2 else label,
            closes=(f"acme/web#{number - 1}",) if is_request and number % 2 else (),
            directives=(Directive("kr", "KR1.1"),) if number % 97 == 0 else (),
            status_id=status.value,
        )
        yield made, list(_events(made, label))


def sprints(number: int, delivered: datetime | None, status: Status) -> tuple[Iteration, ...]:
    """The sprint that delivered work came in; of open work a quarter is in the one that runs."""
    if delivered is None and (status is Status.DROPPED or number % 4):
        return ()
    day = TODAY if delivered is None else delivered.date()
    return (_iteration(number % TEAMS, SPRINTS - (TODAY - day).days // 14),)


def _iteration(team: int, sprint: int) -> Iteration:
    return Iteration(f"{team * 1000 + sprint}", f"team-{team} Sprint {sprint}")


def calendar() -> Iterator[IterationRecord]:
    """Each team's sprints of two weeks; the last runs until today."""
    end = datetime.combine(TODAY, datetime.max.time(), UTC)
    for team in range(TEAMS):
        for sprint in range(1, SPRINTS + 1):
            last = end - timedelta(days=14 * (SPRINTS - sprint))
            state = "active" if sprint == SPRINTS else "closed"
            made = _iteration(team, sprint)
            yield IterationRecord("web", made.id, made.name, state, last - timedelta(days=14), last)


def _events(made: Item, label: Sequence[str]) -> Iterator[ItemEvent]:
    known: dict[str, Any] = {"source": made.source, "external_id": made.external_id, "origin": EventOrigin.SOURCE}
    for name in label:
        yield ItemEvent(key="1", field=EventField.LABEL, at=made.created, to_id=name, to_text=name, **known)
    if made.delivered is not None:
        done = Status.DONE.value
        yield ItemEvent(key="2", field=EventField.STATUS, at=made.delivered, to_id=done, to_text=done, **known)


def fill(folder: Path, count: int) -> None:
    """A store as a sync would leave it: items with history, series, links, and the verdicts that have come due."""
    config = folder / "okrsync.yaml"
    chance = random.Random(7)  # noqa: S311 - the same store every time
    with open_workspace(config) as workspace:
        okrs, store = workspace.project.okrs, workspace.store
        names = sorted({entry.id for entry in okrs.key_results})
        _fill_items(store, items(count, names, chance))
        _fill_series(store, [(entry.metric, okrs.cycle(entry.cycle).start) for entry in okrs.key_results], chance)
        with store.write() as unit:
            unit.save_iterations("web", "sprints", list(calendar()), "")
            unit.save_run(RunRecord("web", workspace.now, workspace.now, "ok", {}, SaveCounts(count, count, 0)))
            for path, text in workspace.project.okr_texts.items():
                unit.save_okr_text(path, text, workspace.now)
        linking, _, _ = keep_placements(workspace)
        # Twice: the second sync of a day finds on record what the first has put there.
        for _ in range(2):
            recorded_outcomes(workspace, report_inputs(workspace, None, linking), is_whole=True)


def _fill_items(store: Store, made: Iterator[tuple[Item, list[ItemEvent]]]) -> None:
    beside = {"partition": "acme/web", "digest": b"", "recorded_ms": 0}
    lists = {"labels", "components", "iterations", "closes", "directives", "fields"}
    with store.write() as unit:
        unit.connection.execute(
            sa.insert(stream_state),
            {"source": "web", "partition": "acme/web", "raw_fingerprint": "", "fingerprint": "", "in_scope": True},
        )
        rows: list[dict[str, Any]] = []
        events: list[dict[str, Any]] = []
        for one, history in made:
            row = codec.item_row(one)
            rows.append({k: json.loads(v) if k in lists else v for k, v in row.items()} | beside)
            events += [
                dict(zip(codec.EVENT_COLUMNS, codec.event_row(event), strict=True)) | {"recorded_ms": 0}
                for event in history
            ]
            if len(rows) == BATCH:
                _insert(unit.connection, rows, events)
        _insert(unit.connection, rows, events)


def _insert(connection: sa.Connection, rows: list[dict[str, Any]], events: list[dict[str, Any]]) -> None:
    for table, entries in ((item, rows), (item_event, events)):
        if entries:
            connection.execute(sa.insert(table), entries)
        entries.clear()


def _fill_series(store: Store, metrics: Sequence[tuple[str, date]], chance: random.Random) -> None:
    """A value a day from 120 days before the cycle to three months after it, or to the day of the report."""
    with store.write() as unit:
        for metric, start in metrics:
            days = [start + timedelta(days=number) for number in range(-120, 180)]
            unit.connection.execute(
                sa.insert(observation),
                [
                    {"metric": metric, "day": day.isoformat(), "value": chance.gauss(100, 3)}
                    | {"origin": "csv", "recorded_ms": codec.to_ms(datetime.combine(day, datetime.min.time(), UTC))}
                    for day in days
                    if day <= TODAY
                ],
            )


def measured(arguments: Sequence[str], output: Path, *, is_refused: bool = False) -> Measured:
    """One command line as a process; its output goes to *output*. *is_refused*: it is to end with exit code 2."""
    program = [sys.executable, "-P", "-c", "from okrsync.cli.main import main; main()", *arguments]
    start = time.perf_counter()
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    pid = os.posix_spawn(
        sys.executable,
        program,
        ENVIRONMENT,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, str(output), flags, 0o644)],
    )
    _, status, used = os.wait4(pid, 0)
    wall = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) not in ({2} if is_refused else {0, 3, 5}):
        raise SystemExit(f"okrsync {' '.join(arguments)} ended with {os.waitstatus_to_exitcode(status)}")
    return Measured(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def main() -> None:
    """Print a table of the reports over stores of growing size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--key-results", type=int, default=500)
    parser.add_argument("--at-once", action="store_true", help="All key results in the cycle that runs.")
    parser.add_argument("--only", nargs="+", choices=sorted(REPORTS), help="These reports alone.")
    parser.add_argument("--extra", nargs="*", default=[], help="Options of every report: --extra=--format=json")
    parser.add_argument("--repeat", type=int, default=3, help="Take the quickest of so many runs.")
    parser.add_argument("--keep", type=Path, help="Keep the stores in this folder, and use those that are there.")
    chosen = parser.parse_args()
    wanted = [name for name in REPORTS if not chosen.only or name in chosen.only]
    with tempfile.TemporaryDirectory() as scratch:
        print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {chosen.key_results} key results")
        for count in chosen.items:
            folder = (chosen.keep or Path(scratch)) / f"{count}-{chosen.key_results}-{chosen.at_once}"
            if not (folder / "okrsync.db").exists():
                project(folder, chosen.key_results, at_once=chosen.at_once)
                # A process of its own: what a parent has held counts as its children's peak.
                filling = get_context("spawn").Process(target=fill, args=(folder, count))
                filling.start()
                filling.join()
            for name in wanted:
                config = ["--config", str(folder / "okrsync.yaml")]
                command = [*REPORTS[name], *config, *chosen.extra]
                output, is_refused = folder / f"{name}.txt", name in REFUSED
                runs = [measured(command, output, is_refused=is_refused) for _ in range(chosen.repeat)]
                told = min(runs, key=lambda run: run.cpu)
                print(
                    f"{count:>9,} items  {name:13}{told.wall:7.2f} s wall{told.cpu:7.2f} s CPU{told.peak_mb:7,.0f} MB"
                    + (f"   bar {BAR_SECONDS:g} s, {BAR_MB} MB" if count == 100_000 else ""),
                    flush=True,
                )
            if not chosen.only:
                serving = get_context("spawn").Process(target=serve, args=(folder / "okrsync.yaml", count))
                serving.start()
                serving.join()


def serve(config: Path, count: int) -> None:
    """Print what the server's page of outcomes costs: the first request of a process, and the second."""
    application = Application(config, {"localhost"})
    for name in ("server, first", "and next"):
        wall, cpu = time.perf_counter(), time.process_time()
        answer = application.answer("GET", "/outcomes", "", "localhost")
        if answer.status != HTTPStatus.OK:
            raise SystemExit(f"/outcomes was answered with {answer.status}")
        taken = time.perf_counter() - wall, time.process_time() - cpu
        print(f"{count:>9,} items  {name:13}{taken[0]:7.2f} s wall{taken[1]:7.2f} s CPU", flush=True)


if __name__ == "__main__":
    main()
