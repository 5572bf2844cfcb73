from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from support.stores import PostgresServer, postgres_programs, postgres_server

# Machines are shared and noisy: how long one example takes says nothing of the code.
settings.register_profile("okrsync", deadline=None)
settings.load_profile("okrsync")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL, started for this run."""
    programs = postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL's server programs are not installed; on Debian: apt-get install postgresql")
    with postgres_server(programs) as server:
        yield server
