from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from support.capabilities import lacking
from support.stores import PostgresServer, postgres_programs, postgres_server

# Machines are shared and noisy: how long one example takes says nothing of the code.
settings.register_profile("okrsync", deadline=None)
settings.load_profile("okrsync")


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
