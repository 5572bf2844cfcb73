"""The simulated company's planted truth: what the whole job says of it, company after company."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from okrsync.cli.main import run
from okrsync.sandbox.demo import TOKEN_NAMES, company_sites, free_port, lay_out

CLAIMS = {"moved", "moved_wrong_way"}
Check = dict[str, Any]


class Tally(Counter[str]):
    """How often each kind of truth was told."""

    def share(self, told: str, of: str) -> float:
        return self[told] / self[of] if self[of] else 1.0


def told_of(seed: int, folder: Path, capfd: pytest.CaptureFixture[str]) -> tuple[Any, dict[str, list[Check]]]:
    """The truth of one company, and the checks of each of its key results after one sync."""
    company, sites = company_sites(free_port(0), seed, "cloud")
    lay_out(company, folder)
    config = str(folder / "okrsync.yaml")
    with sites:
        assert run(["sync", "--quiet", "--config", config]) == 0
    capfd.readouterr()
    assert run(["outcomes", "--cycle", "all", "--format", "json", "--config", config]) == 0
    report = json.loads(capfd.readouterr().out)
    checks = {entry["id"]: entry["outcome"]["checks"] for entry in report["key_results"]}
    return json.loads((folder / "truth.json").read_text(encoding="utf-8")), checks


def check_of(checks: Sequence[Check], keys: Sequence[str]) -> Check:
    return next(check for check in checks if not set(keys).isdisjoint(check["members"]))


def count(truth: Any, checks: dict[str, list[Check]], tally: Tally) -> None:
    """Hold what was told against what was planted."""
    for name, planted in truth["key_results"].items():
        expect, own = planted["expect"], checks[name]
        if expect in {"observed_change_only", "no_data"}:
            assert {check["verdict"] for check in own} == {expect}, name
        elif expect == "output":
            assert CLAIMS.isdisjoint(check["verdict"] for check in own), name
        elif expect == "one_wave_moved":
            (check,) = own
            tally["pairs"] += 1
            tally["pairs told"] += check["verdict"] == "moved" and len(check["members"]) == 2
        elif expect == "stream":
            count_stream(planted, own, tally)
        else:
            count_each(expect, planted, own, tally)


def count_stream(planted: Any, own: list[Check], tally: Tally) -> None:
    true = {key for delivery in planted["deliveries"] if delivery["effect"] for key in delivery["keys"]}
    claims = [check for check in own if check["verdict"] in CLAIMS]
    tally["stream effects"] += sum(bool(delivery["effect"]) for delivery in planted["deliveries"])
    tally["stream effects claimed"] += sum(not true.isdisjoint(check["members"]) for check in claims)
    tally["stream claims"] += len(claims)
    tally["stream claims false"] += sum(true.isdisjoint(check["members"]) for check in claims)


def count_each(expect: str, planted: Any, own: list[Check], tally: Tally) -> None:
    for delivery in planted["deliveries"]:
        check = check_of(own, delivery["keys"])
        if check["verdict"] == "too_early":
            continue
        told, effect = check["estimate"], delivery["effect"]
        if not effect:
            tally["nulls"] += 1
            tally["nulls claimed"] += check["verdict"] in CLAIMS
        elif told is not None and abs(effect) >= told["mde"]:
            wanted = "moved_wrong_way" if expect == "moved_wrong_way" else "moved"
            tally["effects"] += 1
            tally["effects claimed"] += check["verdict"] == wanted
            tally["wrong way"] += wanted == "moved_wrong_way"
            tally["wrong way told"] += wanted == "moved_wrong_way" == check["verdict"]


def tallied(seeds: Sequence[int], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Tally:
    tally = Tally()
    with pytest.MonkeyPatch.context() as patch:
        for name in TOKEN_NAMES:
            patch.setenv(name, "sandbox")
        for seed in seeds:
            count(*told_of(seed, tmp_path / f"company-{seed}", capfd), tally)
    return tally


def test_what_was_planted_in_the_company_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tally = tallied([7], tmp_path, capfd)

    assert tally["effects"] >= 4
    assert tally["effects claimed"] == tally["effects"]
    assert tally["nulls"] >= 4
    assert tally["nulls claimed"] == 0
    assert (tally["wrong way told"], tally["pairs told"]) == (1, 1)
    assert (tally["stream effects claimed"], tally["stream claims false"]) == (3, 0)


@pytest.mark.long
def test_what_is_planted_in_fifty_companies_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tally = tallied(range(100, 150), tmp_path, capfd)

    with capfd.disabled():
        print(f"\n{dict(tally)}")  # noqa: T201
    assert tally.share("effects claimed", "effects") >= 0.80
    assert tally.share("nulls claimed", "nulls") <= 0.05
    assert tally.share("wrong way told", "wrong way") >= 0.80
    assert tally.share("pairs told", "pairs") >= 0.80
    assert tally.share("stream claims false", "stream claims") <= 0.10
