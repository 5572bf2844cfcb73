"""A machine elsewhere: what is read must not depend on where it is read."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest


@pytest.fixture
def far_west(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This machine's zone is Honolulu's."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Pacific/Honolulu")
        time.tzset()
        yield
    time.tzset()
