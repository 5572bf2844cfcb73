"""kill -9 of a real ``okrsync sync`` at any place: the next run ends as if nothing had happened."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing

import pytest

from okrsync.store.database import Store
from okrsync.store.failpoints import EXIT_CODE, POINTS
from support.small_project import Killing, contents, ended, killing, sync_here

pytestmark = [pytest.mark.needs("fork"), pytest.mark.long]

RANDOM_KILLS, MOST_RUNS = 200, 500
"""Of each database; about half by a signal at a random instant, the others at a random visit of a named place."""
ONLY_WHERE_NOTHING_IS = {"migrated"}
"""Reached by a run that starts without a store; an old schema has a test of its own."""
ONLY_ELSEWHERE = {"copied", "normalised-again", "due-history-written"}
"""Reached by a migration (test_migration.py), another mapping, and history that was due (both below)."""


@pytest.fixture(scope="module")
def in_a_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killing]:
    with killing(tmp_path_factory.mktemp("kills"), None) as ready:
        yield ready


@pytest.fixture(scope="module")
def on_a_server(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Killing]:
    with killing(tmp_path_factory.mktemp("kills"), request.getfixturevalue("postgres")) as ready:
        yield ready


def killed_at(ready: Killing, point: str, start: str) -> None:
    config, url = ready.run_from(start)
    code, told = ended(ready.project.start(config, "--census", OKRSYNC_FAILPOINT=point))
    assert code == EXIT_CODE, f"{point} was not reached: {told}"
    ready.is_healed(config, url, start)


def test_after_a_kill_at_any_named_place_the_next_run_heals(in_a_file: Killing) -> None:
    starts = {point: "synced" for point in POINTS if point not in ONLY_ELSEWHERE}
    # Where nothing is, much is read in many steps: there a cursor that runs ahead of the items would lose some.
    starts |= dict.fromkeys([*ONLY_WHERE_NOTHING_IS, "page-read:4", "cursor-written:2", "committed:2"], "empty")
    for point, start in starts.items():
        config, url = in_a_file.run_from(start)
        assert in_a_file.warm.sync(config, "--census", OKRSYNC_FAILPOINT=point) == EXIT_CODE, f"{point} was not reached"
        in_a_file.is_healed(config, url, start)


def test_after_a_kill_while_items_are_made_anew_the_next_run_heals(in_a_file: Killing) -> None:
    stores = []
    for point in ("normalised-again:2", ""):
        config, url = in_a_file.run_from("synced")
        config.write_text(
            config.read_text(encoding="utf-8")
            + "  done: {hub: {dropped: [obsolete]}, product: {dropped: [obsolete]}}\n",
            encoding="utf-8",
        )
        code = in_a_file.warm.sync(config, "--census", OKRSYNC_FAILPOINT=point)
        assert code == (EXIT_CODE if point else 0)
        stores.append((config, url))
    (killed, url), (_, calm) = stores
    assert sync_here(killed, "--census") == 0
    assert contents(url) == contents(calm)


def test_after_a_kill_while_history_that_was_due_is_read_the_next_run_heals(in_a_file: Killing) -> None:
    config, url = in_a_file.run_from("synced")
    with closing(Store.open(url)) as store, store.write() as unit:
        unit.items("product").note_due(["10001", "10004", "50102"])
    assert in_a_file.warm.sync(config, "--census", OKRSYNC_FAILPOINT="due-history-written") == EXIT_CODE
    in_a_file.is_healed(config, url, "synced")


@pytest.mark.parametrize("kind", ["in_a_file", "on_a_server"])
@pytest.mark.parametrize("start", ["synced", "empty"])
@pytest.mark.parametrize("point", [point for point in POINTS if point not in ONLY_ELSEWHERE])
def test_so_it_is_from_both_starts_and_on_a_server(
    request: pytest.FixtureRequest, kind: str, point: str, start: str
) -> None:
    if start == "synced" and point in ONLY_WHERE_NOTHING_IS:
        pytest.skip("there is nothing to be made")
    killed_at(request.getfixturevalue(kind), point, start)


@pytest.mark.parametrize("kind", ["in_a_file", "on_a_server"])
def test_after_kills_at_random_instants_the_next_run_heals(
    request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    ready: Killing = request.getfixturevalue(kind)
    chance = random.Random(f"kills {kind}")  # noqa: S311 - the same kills each time
    by_signal = by_place = late = 0
    for number in range(MOST_RUNS):
        if by_signal + by_place >= RANDOM_KILLS:
            break
        start = chance.choice(["synced", "empty"])
        config, url = ready.run_from(start)
        if number % 2:
            code = ready.warm.sync(config, "--census", after=ready.seconds * chance.uniform(0.05, 0.8))
            by_signal += code == -9
        else:
            point = f"{chance.choice(POINTS)}:{chance.randint(1, 3)}"
            code = ready.warm.sync(config, "--census", OKRSYNC_FAILPOINT=point)
            by_place += code == EXIT_CODE
        assert code in {0, -9, EXIT_CODE}, (config.parent / "told.txt").read_text(encoding="utf-8")
        late += code == 0
        ready.is_healed(config, url, start)
    with capsys.disabled():
        print(f"\n{kind}: {by_signal} kills by signal, {by_place} at places, {late} runs were over before")  # noqa: T201
    assert by_signal + by_place == RANDOM_KILLS
