"""
A first sync beside other programs, on the same loopback server with the latency of a network.

The server answers each request 20 ms late (``--latency``), in a process of its own. The peers are what people use now:
github-to-sqlite (one request a hundred items, no history, everything in one transaction) and perceval (issue by issue).
Install them into a folder of their own and name it: ``--peers FOLDER`` (a virtual environment); without it okrsync runs
alone. Only the ratios within one run mean something.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from okrsync.sandbox.github_site import GithubSite
from okrsync.sandbox.http import LoopbackServer, Request, Response
from okrsync.sandbox.recorded import read_github
from okrsync.sandbox.tracker_data import GithubData

RECORDED = Path(__file__).parents[2] / "shared/data/github-hf-datasets/datasets-issues.zip"
REPOSITORY = "huggingface/datasets"
SOMEONE = {"login": "someone", "id": 1, "url": "", "type": "User", "name": "Some One", "email": None, "company": None}
CONFIG = """\
version: 1
timezone: UTC
sources:
  - name: app
    connector: github
    url: {url}
    token: {{env: OKRSYNC_BENCH_TOKEN}}
    repositories: [{repository}]
"""
OKRS = "version: 1\ncycles: [{id: 2026Q4, start: 2026-10-01, end: 2026-12-31}]\n"
# github-to-sqlite knows one address only.
REDIRECTED = """
import sys, requests
base, send = sys.argv.pop(1), requests.Session.request
def request(self, method, url, **named):
    return send(self, method, url.replace("https://api.github.com", base), **named)
requests.Session.request = request
from github_to_sqlite.cli import cli
cli()
"""


def serve(file: str, latency: float) -> None:
    """Answer as GitHub does, *latency* seconds late, until the input ends; prints the address, then the requests."""
    site = GithubSite(GithubData([read_github(REPOSITORY, Path(file))]))

    def handle(request: Request) -> Response:
        time.sleep(latency)
        path = request.path.removeprefix("/v3")
        if path.startswith("/users/"):
            return Response(200, [] if path.endswith("/orgs") else SOMEONE)
        if path.count("/") > 5:  # reactions, comments: the recorded list has none
            return Response(200, [])
        answer = site.handle(
            Request(request.method, path, request.query, request.headers, request.body, f"{server.url}/api/v3")
        )
        if isinstance(answer.payload, dict) and "owner" in answer.payload:
            answer = Response(answer.status, answer.payload | {"owner": SOMEONE, "license": None}, answer.headers)
        if isinstance(answer.payload, list):
            answer = Response(answer.status, [_whole(each) for each in answer.payload], answer.headers)
        return answer

    with LoopbackServer({"/api": handle}) as server:
        print(server.url, flush=True)
        for _ in sys.stdin:
            print(len(server.log), flush=True)
            server.clear_log()


def _whole(raw: dict[str, Any]) -> dict[str, Any]:
    """*raw* with what the peers insist on, where it was not recorded."""
    whole = {"user": SOMEONE, "assignee": None, "assignees": [], "milestone": None, "comments": 0, "labels": []} | raw
    if raw.get("milestone"):
        whole["milestone"] = {"creator": SOMEONE, "id": raw["milestone"]["number"], "description": ""} | raw[
            "milestone"
        ]
    if raw.get("pull_request"):
        # github-to-sqlite cuts this text at the only address that it knows.
        address = f"https://api.github.com/repos/{REPOSITORY}/pulls/{raw['number']}"
        whole["pull_request"] = raw["pull_request"] | {"url": address}
    return whole


@contextlib.contextmanager
def server_of(file: Path, latency: float) -> Iterator[tuple[str, Callable[[], int]]]:
    """The address of a server in a process of its own, and what counts its requests since the last count."""
    command = [sys.executable, __file__, "--serve", str(file), "--latency", str(latency)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018
        url = process.stdout.readline().strip()

        def count() -> int:
            process.stdin.write("\n")  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
            return int(process.stdout.readline())  # type: ignore[union-attr]

        try:
            yield url, count
        finally:
            process.stdin.close()
            process.wait(20)


def seconds(command: list[str], folder: Path) -> float:
    """Wall time of a program that must end well."""
    started = time.perf_counter()
    environment = {**os.environ, "OKRSYNC_BENCH_TOKEN": "t", "GITHUB_TOKEN": "t"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise SystemExit(f"{command[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
    return time.perf_counter() - started


def okrsync(folder: Path, url: str) -> list[str]:
    """Lay a project out, and the command that syncs it."""
    (folder / "ledger").mkdir(parents=True)
    (folder / "okrs.yaml").write_text(OKRS, encoding="utf-8")
    (folder / "okrsync.yaml").write_text(CONFIG.format(url=f"{url}/api/v3", repository=REPOSITORY), encoding="utf-8")
    return [sys.executable, "-c", "from okrsync.cli.main import main; main()", "sync", "--quiet"]


def main() -> None:
    """Print seconds, requests and ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--serve", default="")
    parser.add_argument("--latency", type=float, default=0.02)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--few", type=int, default=1000, help="How many items perceval is given.")
    chosen = parser.parse_args()
    if chosen.serve:
        serve(chosen.serve, chosen.latency)
        return
    if not RECORDED.is_file():
        print("peers: skipped, the recorded items (../shared) are not beside this checkout")
        return
    with tempfile.TemporaryDirectory() as name:
        compare(Path(name), chosen)


def compare(folder: Path, chosen: argparse.Namespace) -> None:
    """Run all programs on the same items."""
    with zipfile.ZipFile(RECORDED) as archive, archive.open("datasets-issues.jsonl") as lines:
        raws = [json.loads(line) for line in lines]
    everything, few = folder / "all.jsonl", folder / "few.jsonl"
    everything.write_text("".join(json.dumps(raw) + "\n" for raw in raws), encoding="utf-8")
    few.write_text("".join(json.dumps(raw) + "\n" for raw in raws[: chosen.few]), encoding="utf-8")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {chosen.latency * 1000:.0f} ms a request")
    with server_of(everything, chosen.latency) as (url, count):
        ours = seconds(okrsync(folder / "all", url), folder / "all")
        told("okrsync", ours, count(), len(raws), ours)
        if chosen.peers:
            python = str(chosen.peers / "bin/python")
            command = [python, "-c", REDIRECTED, f"{url}/api/v3", "issues", "peer.db", REPOSITORY]
            told("github-to-sqlite", seconds(command, folder), count(), len(raws), ours)
    with server_of(few, chosen.latency) as (url, count):
        ours = seconds(okrsync(folder / "few", url), folder / "few")
        told("okrsync", ours, count(), chosen.few, ours)
        if chosen.peers:
            owner, _, repository = REPOSITORY.partition("/")
            command = [str(chosen.peers / "bin/perceval"), "github", owner, repository, "-t", "t"]
            command += ["--enterprise-url", url, "--category", "issue", "-o", "peer.json"]
            told("perceval", seconds(command, folder), count(), chosen.few, ours)


def told(program: str, took: float, requests: int, items: int, ours: float) -> None:
    """One line of the table."""
    print(f"{program:18}{items:7,} items{requests:7,} requests{took:9.2f} s{took / ours:8.1f} times okrsync's")


if __name__ == "__main__":
    main()
