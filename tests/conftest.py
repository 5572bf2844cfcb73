from __future__ import annotations

from collections.abc import Iterator

import pytest

from support import examples
from support.capabilities import lacking
from support.company import company, kept, okrsync, project, synced, untouched  # noqa: F401 - fixtures of everybody
from support.stores import PostgresServer, postgres_programs, postgres_server

examples.register_profiles()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what this system cannot do, before anything is made for it."""
    for marker in item.iter_markers("needs"):
        for name in marker.args:
            if reason := lacking(name):
                pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL, started for this run."""
    if reason := lacking("user ids"):
        pytest.skip(reason)
    programs = postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL's server programs are not installed; on Debian: apt-get install postgresql")
    with postgres_server(programs) as server:
        yield server
