"""Stores for tests: versions to write, everything that is in one, and a PostgreSQL server of our own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from okrsync.model.work import Item, ItemEvent
from okrsync.store.database import Store
from okrsync.store.records import ItemVersion
from okrsync.store.tables import metadata

_OF_A_RUN = {"recorded_ms", "first_seen_ms", "valid_from_ms", "valid_to_ms", "census_ms", "missing_since_ms", "gone_ms"}
"""Columns that say when we did something, which differs from run to run."""


def version_of(item: Item, raw: dict[str, Any], events: Sequence[ItemEvent] = ()) -> ItemVersion:
    """*item* as it is written."""
    return ItemVersion.of(item, raw, events)


def dump(store: Store, *, timeless: bool = False) -> dict[str, list[tuple[Any, ...]]]:
    """
    Everything in *store* but the record of runs, without row numbers and in an order of its own.

    *timeless*: also without when we did what.
    """
    left_out = {"id"} | (_OF_A_RUN if timeless else set())
    wanted: dict[str, sa.Select[Any]] = {
        table.name: sa.select(*(column for column in table.columns if column.name not in left_out))
        for table in metadata.sorted_tables
        if table.name != "sync_run"
    }
    with store.read() as view:
        return {
            name: sorted(map(tuple, view._connection.execute(statement)), key=repr)
            for name, statement in wanted.items()
        }


def postgres_programs() -> Path | None:
    """The folder of PostgreSQL's server programs, as Debian installs them or on the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    named = shutil.which("initdb")
    return Path(named).parent if named else None


class PostgresServer:
    """A server on a free port of this machine, with a plain role that may make nothing but its own tables."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self._names = count(1)
        self._returned: list[str] = []
        self._user = "postgres" if os.geteuid() == 0 else None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def start(self) -> None:
        """Make the cluster and start it; data is not synced to disk, so a power failure would lose it."""
        if self._user:
            shutil.chown(self._folder, self._user)
        data = self._folder / "data"
        self._run("initdb", "-D", data, "-U", "boss", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        options = f"-p {self.port} -h 127.0.0.1 -k {self._folder} -c fsync=off -c max_connections=100"
        self._run("pg_ctl", "-D", data, "-w", "-o", options, "-l", self._folder / "log", "start")
        self.ask("CREATE ROLE plain LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE")

    def stop(self) -> None:
        """End the server; connections that are still open break."""
        self._run("pg_ctl", "-D", self._folder / "data", "-m", "immediate", "stop")

    def restart(self) -> None:
        """End every connection, as a restart of the machine would."""
        options = f"-p {self.port} -h 127.0.0.1 -k {self._folder} -c fsync=off -c max_connections=100"
        log = self._folder / "log"
        self._run("pg_ctl", "-D", self._folder / "data", "-w", "-m", "fast", "-o", options, "-l", log, "restart")

    def database(self, copied_from: str = "template0") -> str:
        """The URL of a new database that belongs to the plain role: empty, or a copy of one that nobody uses."""
        name = f"okrsync_{next(self._names)}"
        self.ask(f"CREATE DATABASE {name} OWNER plain TEMPLATE {copied_from}")
        return f"postgresql://plain@127.0.0.1:{self.port}/{name}"

    @contextmanager
    def lent(self) -> Iterator[str]:
        """The URL of an empty database, emptied for the next borrower: making one writes a thousand files."""
        url = self._returned.pop() if self._returned else self.database()
        yield url
        engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP OWNED BY CURRENT_USER")
        engine.dispose()
        self._returned.append(url)

    def ask(self, statement: str) -> None:
        """Run *statement* as the server's owner."""
        engine = sa.create_engine(f"postgresql+psycopg://boss@127.0.0.1:{self.port}/postgres")
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self._programs / program), *map(str, arguments)]
        if self._user:
            command = ["runuser", "-u", self._user, "--", *command]
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", check=False, timeout=120, cwd="/", stdin=subprocess.DEVNULL
        )
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"


@contextmanager
def postgres_server(programs: Path) -> Iterator[PostgresServer]:
    """A server for as long as the block runs."""
    folder = Path(tempfile.mkdtemp(prefix="okrsync-pg-"))
    server = PostgresServer(programs, folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
