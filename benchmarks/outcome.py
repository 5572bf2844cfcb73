"""
How good the verdicts on outcomes are, and how fast: okrsync.outcome on series whose true effects are known.

The simulators, evaluators and bars are kept beside the checkout (``--bench``); without them, or without pandas, only
the speed is measured. ``--only`` takes what is wanted, with commas between: few, streams, mde, speed and peers are the
default; ``prior`` sets the prior on the number of effects in a stream beside that of the method's design, ``line`` asks
the cumulative line of streams. Figures are printed with the machine's load.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from functools import partial
from math import comb, log, sqrt
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from okrsync.model.verdicts import OutcomeCheck
from okrsync.outcome import Case, Delivery, MetricSeries, Settings, attribute, attribute_all, credible_sets
from okrsync.outcome.evaluation import judged_apart

ROOT = Path(__file__).resolve().parents[1]
BENCH = ROOT.parent / "shared/bench/outcome"
ADAPTER = "benchmarks.outcome_adapter"
CLAIMS = {"moved", "moved_wrong_way"}
Rows = list[dict[str, Any]]
Estimator = Callable[[Any, Sequence[date], Any], Rows]
START = date(2026, 1, 5)
POINTS, SERIES = 90, 3000
STREAM_POINTS, STREAMS, ITEMS, MANY_ITEMS = 180, 200, 25, 90
APIECE = 200
"""Calls of which the median CPU time is taken."""
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
IMPORTS = 5
TOGETHER = 3000


def main() -> int:
    """Print what was asked for; 0 also where the bars are missed: they are a figure here, not a test."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--bench",
        type=lambda text: Path(text).resolve(),
        default=BENCH,
        help="The folder of simulators and evaluators.",
    )
    parser.add_argument("--reps", type=int, default=200, help="Series of each family with few deliveries.")
    parser.add_argument("--stream-reps", type=int, default=60, help="Streams of each kind.")
    parser.add_argument("--peer-reps", type=int, default=6, help="Series of each family for the peers.")
    parser.add_argument("--repeat", type=int, default=2, help="How often each speed is measured.")
    parser.add_argument("--together", type=int, default=TOGETHER, help="Series given to attribute_all at once.")
    parser.add_argument("--seeds", type=_numbers, default=[11, 21])
    parser.add_argument("--only", default="few,streams,mde,speed,peers")
    chosen = parser.parse_args()
    if os.environ.get("OMP_NUM_THREADS") != "1":
        # numpy reads it when it is imported: by now too late for this process.
        again = [sys.executable, __file__, *sys.argv[1:]]
        return subprocess.run(again, env={**os.environ, **ONE_THREAD}, check=False).returncode
    wanted = chosen.only.split(",")
    known: dict[str, Callable[[argparse.Namespace], None]] = {
        "few": few, "streams": streams, "mde": mde, "line": line, "prior": prior, "peers": peers
    }  # fmt: skip
    if unknown := set(wanted) - {*known, "speed"}:
        parser.error(f"--only knows {', '.join([*known, 'speed'])}, not {', '.join(sorted(unknown))}")
    missing = _missing(chosen.bench)
    if not missing:
        sys.path[:0] = [str(chosen.bench)]
        sys.path.append(str(ROOT))
    for name in wanted:
        _heading(name)
        if name == "speed":
            speed(chosen.repeat, chosen.together)
        elif missing:
            print(f"skipped: {missing}")
        else:
            known[name](chosen)
    return 0


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _missing(bench: Path) -> str:
    if not (bench / "evaluate.py").is_file():
        return "the simulators and evaluators are not beside this checkout; name their folder with --bench"
    if importlib.util.find_spec("pandas") is None:
        return "the simulators need pandas, which is not installed"
    return ""


def _heading(name: str) -> None:
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"\n== {name}   (load average {load} on {os.cpu_count()} cores)", flush=True)


# What the bars are applied to --------------------------------------------------------------------------------------


def few(chosen: argparse.Namespace) -> None:
    """Series with few deliveries: the groups, the bars that were missed, and false discoveries of whole reports."""
    for seed in chosen.seeds:
        with tempfile.TemporaryDirectory() as folder:
            rows = Path(folder) / f"seed-{seed}.json"
            arguments = ["--estimator", f"{ADAPTER}:estimate", "--seed", str(seed), "--reps", str(chosen.reps)]
            told = _run(chosen.bench / "evaluate.py", *arguments, "--out", str(rows), "--check")
            found = json.loads(rows.read_text(encoding="utf-8"))["summary"]
            report = _run(chosen.bench / "portfolio.py", rows.name, folder=rows.parent)
        print(f"seed {seed}, {chosen.reps} series of each family")
        print("\n".join(told.split("\n---")[0].splitlines()[1:]))
        rich = {name: cell for name, cell in found["families"].items() if cell["group"] == "rich"}
        for measure, worst in (("fpr", max), ("coverage", min)):
            name = worst(rich, key=lambda family, key=measure: rich[family][key])  # type: ignore[misc]
            print(f"worst rich {measure}: {rich[name][measure]:.3f} ({name})")
        failed = [text for text in told.splitlines() if text.startswith("FAIL")]
        print("\n".join(failed) or "no bar was missed")
        print(report.strip(), flush=True)


def streams(chosen: argparse.Namespace) -> None:
    """Streams of many deliveries: what evaluate_streams.py prints, with the bars that were missed."""
    for seed in chosen.seeds:
        arguments = ["--estimator", f"{ADAPTER}:estimate_stream", "--seed", str(seed)]
        told = _run(chosen.bench / "evaluate_streams.py", *arguments, "--reps", str(chosen.stream_reps), "--check")
        print(f"seed {seed}, {chosen.stream_reps} streams of each kind")
        for place, text in enumerate(told.splitlines()):
            name, *words = text.split()
            pairs = [word.split("=") for word in words if "=" in word]
            if not place:
                print(f"{'':20}" + "".join(f"{key:>11}" for key, _ in pairs))
            verdict = " ".join(word for word in words if "=" not in word)
            print(f"{name:20}" + "".join(f"{value:>11}" for _, value in pairs) + f"  {verdict}", flush=True)


def _run(program: Path, *arguments: str, folder: Path = ROOT) -> str:
    """What *program* printed; a missed bar ends it with 1, and that is no error here."""
    done = subprocess.run(
        [sys.executable, str(program), *arguments], cwd=folder, capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode not in {0, 1} or not done.stdout:
        raise SystemExit(f"{program.name} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


# What only this program asks ---------------------------------------------------------------------------------------


def mde(chosen: argparse.Namespace) -> None:
    """Effects of exactly the printed size that could be detected, planted into series without one: share claimed."""
    simulate, estimate = importlib.import_module("simulate"), importlib.import_module(ADAPTER).estimate
    names = [each.name for each in simulate.families() if each.shape == "step" and each.deliveries == 1]
    claimed: dict[tuple[str, str], list[bool]] = {}
    for seed in chosen.seeds:
        for case in simulate.generate(seed, chosen.reps, names=names):
            size = estimate(case.series, case.deliveries, case.controls)[0].get("mde")
            if any(case.d) or size is None:
                continue
            effect = size if case.k % 2 else -size
            planted = case.series + effect * (case.series.index.date >= case.deliveries[0])
            told = estimate(planted, case.deliveries, case.controls)[0]
            is_seen = told["verdict"] in CLAIMS and told["effect"] * effect > 0
            claimed.setdefault((case.group, case.family), []).append(is_seen)
    print(f"{'family':22}{'series':>8}{'claimed':>9}   (between 75 and 85 % is wanted)")
    for (group, name), hits in sorted(claimed.items()):
        print(f"{name:22}{len(hits):8}{_percent(hits)}   {group}")
    for group in sorted({group for group, _ in claimed}):
        hits = [hit for (of, _), some in claimed.items() if of == group for hit in some]
        print(f"{'all ' + group:22}{len(hits):8}{_percent(hits)}")
    every = [hit for hits in claimed.values() for hit in hits]
    share = sum(every) / len(every)
    error = sqrt(share * (1 - share) / len(every))
    print(f"{'all':22}{len(every):8}{_percent(every)}   +- {100 * error:.1f} (one standard error)")


def _percent(hits: Sequence[bool]) -> str:
    return f"{100 * sum(hits) / len(hits):8.1f}%"


def line(chosen: argparse.Namespace) -> None:
    """
    How often the cumulative line of streams has p < .05, with the right sign where there is an effect; and their sets.

    Of the claimed sets: how many have an interval that holds zero, how many have several members, and how many of
    these lie more than two weeks apart.
    """
    stream = importlib.import_module("streams")
    print(f"{'':20}{'streams':>8}{'p < .05':>9}{'right sign':>12}{'sets':>6}{'zero':>6}{'several':>9}{'apart':>7}")
    for kind in stream.CONFIGS:
        found: list[tuple[float, float, float]] = []
        claims: list[OutcomeCheck] = []
        for seed in chosen.seeds:
            for k in range(chosen.stream_reps):
                made = stream.make_stream(kind, k, seed)
                days = [moment.date() for moment in made.series.index]
                pairs = zip(made.deliveries, made.weights, strict=True)
                work = [Delivery(str(place), day, float(size)) for place, (day, size) in enumerate(pairs)]
                metric = MetricSeries(tuple(days), tuple(map(float, made.series)))
                outcome = attribute(metric, work, as_of=days[-1], settings=Settings(evaluate_at=days[-1]))
                claims += [check for check in outcome.checks if check.verdict.is_claim]
                if outcome.line is not None:
                    found.append((outcome.line.p, outcome.line.effect, float(made.item_truth.sum())))
        low = [p < 0.05 for p, _, _ in found]
        right = [p < 0.05 and effect * truth > 0 for p, effect, truth in found]
        zero = sum(told.low < 0 < told.high for told in (check.estimate for check in claims) if told is not None)
        several = [check for check in claims if not check.is_sole]
        apart = sum((check.last - check.first).days > 14 for check in several)
        of_sets = f"{len(claims):6}{zero:6}{len(several):9}{apart:7}"
        print(f"{kind.name:20}{len(found):8}{_percent(low)}{_percent(right):>12}{of_sets}", flush=True)


def prior(chosen: argparse.Namespace) -> None:
    """Sets under two priors over the number of effects, and under two bounds for a set without any."""
    score = importlib.import_module("evaluate_streams").score
    kinds = importlib.import_module("streams").CONFIGS
    estimate = importlib.import_module(ADAPTER).estimate_stream
    print(f"{'prior':28}{'missed':>7} {'kind':20}{'fdr':>7}{'any false':>10}{'found':>7}{'size':>6}{'cov. claims':>12}")
    for missed in (credible_sets.MOST_MISSED, credible_sets.MOST_MISSED / 2):
        for name, log_prior in (("none .5, then even", None), ("each effect null with .8", _each_null)):
            for kind in kinds:
                with _sets(missed, log_prior):
                    found = [score(estimate, kind, chosen.stream_reps, seed) for seed in chosen.seeds]
                mean = {key: _mean([one[key] for one in found]) for key in found[0]}
                shown = f"{mean['fdr']:7.3f}{mean['anyfalse']:10.3f}{mean['power']:7.3f}{mean['size']:6.2f}"
                print(f"{name:28}{missed:7.2f} {kind.name:20}{shown}{mean['cov_claim']:12.3f}", flush=True)


def _mean(values: Sequence[float]) -> float:
    """Of those that are there: a kind without any claim has no size of claims."""
    there = [value for value in values if value == value]  # noqa: PLR0124  (not a number is not itself)
    return statistics.fmean(there) if there else float("nan")


@contextlib.contextmanager
def _sets(missed: float, log_prior: Callable[[int, int], float] | None) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(credible_sets, "MOST_MISSED", missed))
        if log_prior is not None:
            stack.enter_context(mock.patch.object(credible_sets, "_log_prior", log_prior))
        yield


def _each_null(size: int, count: int, null: float = 0.8) -> float:
    """Of one choice of *size* dates out of *count*, where each of six single effects is null with *null*."""
    most = min(credible_sets.MOST_EFFECTS, count)
    return log(comb(most, size)) + size * log(1 - null) + (most - size) * log(null) - log(comb(count, size))


# Speed -------------------------------------------------------------------------------------------------------------


def speed(repeat: int, together: int) -> None:
    """Series a minute by two processes, CPU time of one call, and the time of the import."""
    series = {
        "same calendar": [_case(number, POINTS, 1 + number % 3) for number in range(SERIES)],
        "different calendars": [_case(number, POINTS, 1 + number % 3, gaps=14) for number in range(SERIES)],
        f"streams of {ITEMS}": [_case(number, STREAM_POINTS, ITEMS) for number in range(STREAMS)],
        f"streams of {MANY_ITEMS}": [_case(number, STREAM_POINTS, MANY_ITEMS) for number in range(STREAMS // 2)],
    }
    print("Series a minute by 2 processes, by the clock / by CPU time as on two free cores: each judged apart, then by")
    print("attribute_all, which counts all verdicts of a month; CPU time of one call of attribute, median")
    for name, cases in series.items():
        apart = _rates(partial(judged_apart, processes=2), cases, repeat)
        counted = _rates(partial(attribute_all, processes=2), cases[:together], repeat)
        alone = statistics.median(_cpu(case) for case in cases[:APIECE]) * 1000
        load = f"load {os.getloadavg()[0]:.1f}"
        told = f"{name:22}{len(cases):7,}: {apart:30}{min(together, len(cases)):7,}: {counted:26}"
        print(f"{told}{alone:7.1f} ms   {load}", flush=True)
    nothing, imported = _process("pass"), _process("import okrsync.outcome")
    print(
        f"import okrsync.outcome: {imported:.2f} s in a new process, Python alone {nothing:.2f} s, median of {IMPORTS}"
    )


def _rates(judge: Callable[..., object], cases: Sequence[Case], repeat: int) -> str:
    """Series a minute: by the clock, and, after a stroke, what two cores that do nothing else would give."""
    rates = []
    for _ in range(repeat):
        began, worked = time.perf_counter(), _worked()
        judge(cases, as_of=max(case.series.days[-1] for case in cases))
        minute = 60 * len(cases)
        rates.append(f"{minute / (time.perf_counter() - began):,.0f}/{2 * minute / (_worked() - worked):,.0f}")
    return " ".join(rates)


def _worked() -> float:
    """CPU seconds of this process and of those that it started and that have ended."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def _case(number: int, points: int, count: int, *, gaps: int = 0) -> Case:
    """Daily points with noise that persists and weekdays, *gaps* days missing; *count* deliveries without effect."""
    rng = np.random.default_rng([points, count, gaps, number])
    noise = rng.standard_normal(points + gaps)
    for place in range(1, len(noise)):
        noise[place] += 0.4 * noise[place - 1]
    kept = np.sort(rng.choice(np.arange(1, points + gaps - 1), points - 2, replace=False))
    days = [0, *kept.tolist(), points + gaps - 1]
    values = [50 + float(noise[day]) + 0.8 * (day % 7 > 4) for day in days]
    # The last is delivered early enough to be judged, but in a stream, where they come to the end.
    least, most = (3, points - 3) if count >= ITEMS else (40, POINTS - 28)
    placed = np.sort(rng.integers(least, most, count)).tolist()
    work = tuple(Delivery(f"W-{place}", START + timedelta(days=day)) for place, day in enumerate(placed))
    metric = MetricSeries(tuple(START + timedelta(days=day) for day in days), tuple(values))
    return Case(f"KR{number}", metric, work)


def _cpu(case: Case) -> float:
    began = time.process_time()
    attribute(case.series, case.deliveries, as_of=case.series.days[-1], settings=case.settings)
    return time.process_time() - began


def _process(code: str) -> float:
    """Median wall seconds of a new process that runs *code*."""
    times = []
    for _ in range(IMPORTS):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


# Peers -------------------------------------------------------------------------------------------------------------


def peers(chosen: argparse.Namespace) -> None:
    """What people use now, on the same series through the same evaluator, beside okrsync."""
    evaluate = importlib.import_module("evaluate")
    entries: list[tuple[str, str, Callable[[Any], Estimator]]] = [
        ("okrsync", ADAPTER, lambda module: module.estimate),
        ("UnobservedComponents", "statsmodels.tsa.statespace.structural", lambda module: partial(local_level, module)),
        ("bsts-causalimpact", "causal_impact", lambda module: partial(causal_impact, module)),
    ]
    names = [each.name for each in evaluate.simulate.families() if each.group in {"rich", "overlap"}]
    print(f"{len(chosen.seeds) * chosen.peer_reps} series of each family, seeds {chosen.seeds}")
    print(f"{'':22}   rich: fpr  worst  coverage  1 sd  2 sd  overlap: false  sum error  CPU ms  errors")
    for name, module, made in entries:
        try:
            estimate = made(importlib.import_module(module))
        except ImportError:
            print(f"{name:22} skipped: {module} is not installed")
            continue
        rows: Rows = []
        errors = 0
        for seed in chosen.seeds:
            more, raised = evaluate.run(estimate, seed, chosen.peer_reps, names=names)
            rows += [{**row, "k": (seed, row["k"])} for row in more]
            errors += sum(raised.values())
        groups = evaluate.summarise(rows)["groups"]
        rich, overlap = groups["rich"], groups["overlap"]
        shown = f"{rich['fpr']:12.3f}{rich['worst_fpr']:7.2f}{rich['coverage']:10.3f}{rich['power1']:6.2f}"
        shown += f"{rich['power2']:6.2f}{overlap['false_claim']:16.3f}{overlap['sum_err']:11.2f}{rich['cpu_ms']:8.1f}"
        print(f"{name:22} {shown}{errors:8}", flush=True)


def local_level(structural: Any, series: Any, deliveries: Sequence[date], controls: Any) -> Rows:
    """statsmodels: a local level with weekday dummies, controls and a step for each delivery, by maximum likelihood."""
    days = series.index.date
    columns = [(days >= day).astype(float) for day in deliveries]
    if np.median(np.diff(series.index.to_numpy()).astype("timedelta64[D]").astype(int)) == 1:
        columns += [(series.index.dayofweek == weekday).astype(float) for weekday in range(1, 7)]
    if controls is not None:
        columns += [controls[name].to_numpy() for name in controls.columns]
    spread = float(series.std())
    model = structural.UnobservedComponents(
        (series.to_numpy() - series.mean()) / spread, level="llevel", exog=np.column_stack(columns)
    )
    fit = model.fit(disp=False, maxiter=200)
    first = list(model.param_names).index("beta.x1")
    return [
        {"effect": fit.params[place] * spread, "low": low * spread, "high": high * spread, "p": fit.pvalues[place]}
        for place, (low, high) in enumerate(fit.conf_int()[first : first + len(deliveries)], start=first)
    ]


def causal_impact(package: Any, series: Any, deliveries: Sequence[date], controls: Any) -> Rows:
    """bsts-causalimpact with its defaults; it knows one intervention: each delivery has a run that ends at the next."""
    table = series.to_frame() if controls is None else controls.assign(metric=series)[["metric", *controls.columns]]
    rows: Rows = []
    days = series.index.date
    for place, day in enumerate(deliveries):
        until = deliveries[place + 1] if place + 1 < len(deliveries) and deliveries[place + 1] > day else date.max
        before, after = series.index[days < day], series.index[(days >= day) & (days < until)]
        part = table[days < until]
        periods = ([str(span[0].date()), str(span[-1].date())] for span in (before, after))
        found = package.CausalImpact(part, *periods, model_args={"seed": 1}).summary_stats
        p = min(1.0, 2 * found["p_value"])  # what it prints is one-sided
        rows.append(
            {
                "effect": found["point_effect_mean"],
                "low": found["ci_lower"],
                "high": found["ci_upper"],
                "p": p,
            }
        )
    return rows


if __name__ == "__main__":
    sys.exit(main())
