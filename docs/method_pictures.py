"""Draws the pictures of docs/method.md: three simulated series, with what the statistics really say of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from okrsync.model.verdicts import CheckKind, KeyResultOutcome, Verdict
from okrsync.outcome import Delivery, MetricSeries, Settings, attribute
from okrsync.reports.words.verdict_text import line as line_of

START = date(2026, 7, 6)
LEFT, RIGHT, TOP, BOTTOM = 44.0, 620.0, 34.0, 210.0
TONES = {Verdict.MOVED: "moved", Verdict.MOVED_WRONG_WAY: "wrong"}
STYLE = """\
text{font:12px system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;fill:#1b1f24}
text.soft{fill:#5b6570;font-size:11.5px}text.said{font-weight:600}text.letter{fill:#fff;font-size:11px;font-weight:700}
.paper{fill:#fff}.grid{stroke:#e3e6ea}.obs{fill:none;stroke:#1b1f24;stroke-width:1.6;stroke-linejoin:round}
.cf{fill:none;stroke:#1f4e8c;stroke-width:1.6;stroke-dasharray:5 4}.band{fill:#1f4e8c;opacity:.15}
.work{stroke:#5b6570;stroke-dasharray:1 3}.item{stroke:#5b6570}
.flag{fill:#8a5a00}.moved{fill:#0b6e4f}.wrong{fill:#b3261e}
@media(prefers-color-scheme:dark){text{fill:#e8eaed}text.soft{fill:#a3acb6}
.paper{fill:#14181c}.grid{stroke:#2c333a}.obs{stroke:#e8eaed}
.cf{stroke:#8ab4f8}.band{fill:#8ab4f8}.work,.item{stroke:#a3acb6}.flag{fill:#f0b856}.moved{fill:#5fd0a5}.wrong{fill:#ff8a80}
text.letter{fill:#14181c}}"""


@dataclass(frozen=True, slots=True)
class Example:
    """
    A simulated metric and the work on it.

    *delivered*: the places of its deliveries. *true*: from which place on it is how much higher because of one of them.
    *walk*: by how much it drifts a day, in its noise.
    """

    name: str
    title: str
    seed: int
    points: int
    delivered: tuple[int, ...]
    true: tuple[int, float]
    walk: float = 0.0


EXAMPLES = (
    Example("step", "Activation, daily: a step that is claimed", 1, 90, (62, 64), (62, 3.0)),
    Example("drift", "Activation, daily: a drift in which no step could be seen", 0, 90, (62,), (62, 1.0), 0.35),
    Example("stream", "Activation, daily: a stream of 18 items, and the set that is claimed", 2, 130, (), (0, 2.6)),
)


def series_of(example: Example, deliveries: Sequence[int]) -> MetricSeries:
    """Noise that persists a little, weekdays, a drift where there is one, and one true step."""
    rng = np.random.default_rng(example.seed)
    shocks = rng.standard_normal(example.points)
    noise = np.zeros(example.points)
    for place in range(example.points):
        noise[place] = 0.35 * noise[place - 1] + 0.94 * shocks[place] if place else shocks[place]
    noise += np.cumsum(rng.standard_normal(example.points)) * example.walk
    days = tuple(START + timedelta(days=place) for place in range(example.points))
    values = 41 + 1.4 * (noise + 0.6 * np.array([day.weekday() > 4 for day in days]))
    values[example.true[0] or deliveries[8] :] += example.true[1]
    return MetricSeries(days, tuple(round(float(value), 2) for value in values))


def judged(example: Example) -> tuple[KeyResultOutcome, list[int]]:
    """What is said of *example* on its last day, and where its work was delivered."""
    placed = list(example.delivered)
    if not placed:
        rng = np.random.default_rng(example.seed + 100)
        placed = sorted(rng.choice(np.arange(12, 110), 18, replace=False).tolist())
    metric = series_of(example, placed)
    work = [Delivery(f"W-{number:02}", START + timedelta(days=place)) for number, place in enumerate(placed, start=1)]
    end = metric.days[-1]
    return attribute(metric, work, as_of=end, settings=Settings(evaluate_at=end)), placed


def drawn(example: Example) -> str:
    """The picture of *example* as SVG."""
    outcome, placed = judged(example)
    told = next((check for check in outcome.checks if check.kind is CheckKind.SET), outcome.checks[0])
    without = outcome.counterfactual
    count = len(without.days)
    lowest = min(*without.observed, *without.low)
    highest = max(*without.observed, *without.high)

    def x(place: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * place / (count - 1), 1)

    def y(value: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * (value - lowest) / (highest - lowest), 1)

    def path(values: Sequence[float], first: int = 0) -> str:
        return " ".join(f"{x(first + place)},{y(value)}" for place, value in enumerate(values))

    parts = [
        '<rect class="paper" width="760" height="270" rx="8"/>',
        f'<text class="said" x="{LEFT}" y="18">{example.title}</text>',
    ]
    step = 2 if highest - lowest < 14 else 4
    for value in range(-(-int(lowest) // step) * step + step, int(highest) + 1, step):
        parts.append(f'<path class="grid" d="M{LEFT},{y(value)}H{RIGHT}"/>')
        parts.append(f'<text class="soft" x="36" y="{y(value) + 4}" text-anchor="end">{value}</text>')
    for place, day in enumerate(without.days):
        if day.day == 1:
            parts.append(f'<text class="soft" x="{x(place)}" y="230" text-anchor="middle">{day:%b}</text>')
    first = min(placed)
    band = path(without.high[first:], first) + " " + " ".join(reversed(path(without.low[first:], first).split()))
    parts.append(f'<polygon class="band" points="{band}"/>')
    parts.append(f'<polyline class="obs" points="{path(without.observed)}"/>')
    parts.append(f'<polyline class="cf" points="{path(without.expected[first:], first)}"/>')
    chosen = {int(member.removeprefix("W-")) - 1 for member in told.members}
    tone = TONES.get(told.verdict, "")
    for number, place in enumerate(placed):
        if number not in chosen:
            parts.append(f'<path class="item" d="M{x(place)},{BOTTOM - 8}V{BOTTOM}"/>')
    for turn, number in enumerate(sorted(chosen)):
        at, high = x(placed[number]), TOP + 2 + 20 * turn
        parts.append(
            f'<path class="work" d="M{at},{high}V{BOTTOM}"/><circle class="flag {tone}" cx="{at}" cy="{high}" r="9"/>'
        )
        parts.append(f'<text class="letter" x="{at}" y="{high + 4}" text-anchor="middle">{number + 1}</text>')
    last, expected = without.observed[-1], without.expected[-1]
    apart = max(y(expected) - y(last), 16) if last >= expected else 0
    level = (y(last), y(last) + apart) if apart else (y(expected) + 18, y(expected))
    parts.append(f'<text x="628" y="{level[0] + 4:.1f}">observed</text>')
    parts.append(f'<text class="soft" x="628" y="{level[1] + 4:.1f}">without the work</text>')
    line = line_of(told, "%").replace("<", "&lt;")
    parts.append(f'<text x="16" y="256">{line}</text>')
    marked = " and ".join(str(number + 1) for number in sorted(chosen))
    desc = (
        f"{count} daily values. Deliveries: {len(placed)}; marked: {marked}. Without them the metric would be "
        f"{expected:.1f} on the last day ({without.low[-1]:.1f} to {without.high[-1]:.1f}); it is {last:.1f}. {line}."
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 270" role="img" aria-labelledby="t d">\n'
        f'<title id="t">{example.title}</title>\n<desc id="d">{desc}</desc>\n<style>{STYLE}</style>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def draw(folder: Path) -> None:
    """Write each picture to *folder*."""
    folder.mkdir(exist_ok=True)
    for example in EXAMPLES:
        (folder / f"method-{example.name}.svg").write_text(drawn(example), encoding="utf-8")


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
