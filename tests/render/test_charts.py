from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okrsync.formats.charts.bars import draw_bars
from okrsync.formats.charts.coverage import PLOT_HEIGHT as COVERAGE_HEIGHT
from okrsync.formats.charts.coverage import draw_coverage
from okrsync.formats.charts.forest import draw_axis, draw_row
from okrsync.formats.charts.metric import HEIGHT, PLOT_HEIGHT, WIDTH, draw_metric
from okrsync.formats.charts.scale import axis, date_ticks
from okrsync.formats.charts.waterfall import draw_waterfall
from okrsync.reports.page import Bar, Bars, CoverageChart, Flag, Interval, MetricChart, Portion, Step, Tone
from okrsync.reports.page import Waterfall as WaterfallBlock
from support.pages import metric, waterfall

MONDAY = date(2026, 11, 2)
numbers = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12).filter(
    lambda value: value == 0 or abs(value) > 1e-12
)


def series(*values: float, step: int = 1) -> MetricChart:
    days = tuple(MONDAY + timedelta(days=index * step) for index in range(len(values)))
    return MetricChart("m", "A metric", "It moved.", "%", days, values)


def points(path: str) -> list[list[tuple[int, int]]]:
    """The lines of a path, as the places they go through."""
    lines = []
    for part in path.replace("z", "").split("M")[1:]:
        start, _, moves = part.partition("l")
        x, y = map(int, start.split())
        line = [(x, y)]
        steps = iter(re.findall(r"-?\d+", moves))
        for across, down in zip(steps, steps, strict=True):
            x, y = x + int(across), y + int(down)
            line.append((x, y))
        lines.append(line)
    return lines


@given(st.lists(numbers, max_size=5), st.integers(2, 6), st.booleans())
def test_an_axis_holds_its_values_and_has_few_round_ticks(values: list[float], wanted: int, is_tight: bool) -> None:
    made = axis(values, wanted, is_tight=is_tight)

    assert made.first < made.last
    room = made.span * 1e-6
    assert all(made.first - room <= value <= made.last + room for value in values)
    assert len(made.ticks) <= 2 * wanted + 3
    mantissa = made.step / 10.0 ** math.floor(math.log10(made.step) + 1e-9)
    assert min(abs(mantissa - factor) for factor in (1, 2, 5)) < 1e-6
    assert all(0 <= made.share(value) <= 1 for value in values)


@given(st.lists(numbers, max_size=5))
def test_no_two_ticks_read_alike(values: list[float]) -> None:
    made = axis(values)
    labels = [made.label(tick) for tick in made.ticks]

    assert len(labels) == len(set(labels))


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ((0.0, 100.0), ["0", "50", "100"]),
        ((41.0, 49.0), ["40", "42", "44", "46", "48", "50"]),
        ((-0.04, 0.1), ["−0.05", "0", "0.05", "0.10"]),
        ((0.0, 3e6), ["0", "1m", "2m", "3m"]),
        ((1e12, 4e12), ["1tn", "2tn", "3tn", "4tn"]),
        ((0.0, 2e-12), ["0", "5.0e−13", "1.0e−12", "1.5e−12", "2.0e−12"]),
        ((5.0, 5.0), ["4.5", "5.0", "5.5"]),
    ],
)
def test_ticks_read_as_people_write_numbers(values: tuple[float, ...], labels: list[str]) -> None:
    made = axis(values)

    assert [made.label(tick) for tick in made.ticks] == labels


@pytest.mark.parametrize(
    ("length", "labels"),
    [
        (1, ["2 Nov 2026"]),
        (5, ["2 Nov 2026", "3 Nov", "4 Nov", "5 Nov", "6 Nov"]),
        (30, ["2 Nov 2026", "9 Nov", "16 Nov", "23 Nov", "30 Nov"]),
        (100, ["Dec 2026", "Jan 2027", "Feb"]),
        (1500, ["Jan 2027", "Jan 2028", "Jan 2029", "Jan 2030"]),
    ],
)
def test_dates_stand_at_mondays_or_firsts_of_months_with_their_year_once(length: int, labels: list[str]) -> None:
    ticks = date_ticks([MONDAY + timedelta(days=index) for index in range(length)])

    assert [tick.label for tick in ticks][: len(labels)] == labels
    assert len(ticks) <= 8
    assert all(0 <= tick.x <= 1 for tick in ticks)


@given(st.lists(numbers, min_size=1, max_size=40))
def test_a_line_stays_within_its_plot_and_goes_from_end_to_end(values: list[float]) -> None:
    drawing = draw_metric(series(*values))
    line = [place for part in points(drawing.observed) for place in part]

    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in line)
    if len(values) > 1:
        assert (line[0][0], line[-1][0]) == (0, WIDTH)


def test_higher_values_stand_higher() -> None:
    (line,) = points(draw_metric(series(1.0, 5.0, 3.0)).observed)

    assert line[1][1] < line[2][1] < line[0][1]


def test_a_series_without_a_value_is_drawn_without_a_line() -> None:
    empty = draw_metric(MetricChart("m", "t", "d", "%", (), ()))

    assert (empty.observed, empty.expected, empty.band, empty.dates) == ("", "", "", ())


def test_one_value_is_a_dot_in_the_middle() -> None:
    assert points(draw_metric(series(3.0)).observed) == [[(WIDTH // 2, HEIGHT // 2), (WIDTH // 2, HEIGHT // 2)]]


def test_missing_days_break_the_line_and_a_day_alone_is_a_dot() -> None:
    days = tuple(MONDAY + timedelta(days=day) for day in (0, 1, 2, 6, 10, 11))
    chart = replace(series(*range(6)), days=days, low=(0.0,) * 6, high=(9.0,) * 6)
    drawing = draw_metric(chart)

    assert [len(part) for part in points(drawing.observed)] == [3, 2, 2]
    assert len(points(drawing.band)) == 3


def test_a_weekly_metric_has_no_gaps() -> None:
    assert len(points(draw_metric(series(1.0, 2.0, 3.0, 4.0, step=7)).observed)) == 1


def test_flags_that_would_cover_each_other_stand_above_each_other() -> None:
    marks = draw_metric(metric()).flags

    assert [mark.flag.letter for mark in marks] == ["A", "B", "C", "D"]
    heights = [mark.y for mark in marks]
    assert heights[0] > heights[1] > heights[2]
    assert heights[3] == heights[0]


@given(st.lists(st.integers(0, 99), max_size=60))
def test_no_flag_covers_another_and_those_without_room_are_counted(places: list[int]) -> None:
    flags = tuple(Flag("A", MONDAY + timedelta(days=place), "x", Tone.PLAIN) for place in places)
    drawing = draw_metric(replace(series(*[1.0] * 100), flags=flags))

    assert len(drawing.flags) + drawing.hidden_flags == len(flags)
    for index, mark in enumerate(drawing.flags):
        assert 0 < mark.y < drawing.top
        for other in drawing.flags[index + 1 :]:
            assert abs(mark.x - other.x) >= 0.069 or abs(mark.y - other.y) >= 20


def test_a_flag_outside_the_days_is_not_drawn_but_counted() -> None:
    chart = replace(series(1.0, 2.0), flags=(Flag("A", date(2020, 1, 1), "x", Tone.GOOD),))

    assert (draw_metric(chart).flags, draw_metric(chart).hidden_flags) == ((), 1)


def test_a_target_far_away_is_told_and_does_not_flatten_the_line() -> None:
    drawing = draw_metric(replace(series(41.0, 42.0, 43.0), target=900.0), "target 900 %")
    (line,) = points(drawing.observed)

    assert (drawing.target, drawing.target_note) == (None, "target 900 % ↑")
    assert line[0][1] - line[-1][1] > HEIGHT / 3


@given(st.lists(numbers, min_size=2, max_size=2), numbers)
def test_labels_at_the_end_never_cover_each_other(values: list[float], target: float) -> None:
    chart = replace(series(*values), expected=tuple(values), low=tuple(values), high=tuple(values), target=target)
    places = [label.y for label in draw_metric(chart, "target").labels]

    assert all(after - before >= 14.9 for before, after in pairwise(places))
    assert all(0 <= place <= PLOT_HEIGHT for place in places)


def test_an_interval_is_drawn_from_its_low_to_its_high_end_with_zero_where_it_is() -> None:
    row = draw_row(Interval(value=3.0, low=1.0, high=5.0, least=1.0, mde=2.0, first=-5.0, last=5.0))

    assert (row.low, row.value, row.high, row.zero) == (0.6, 0.8, 1.0, 0.5)
    assert (row.least_low, row.least_high, row.mde) == (0.4, 0.6, 0.7)
    assert not row.is_cut_low
    assert not row.is_cut_high


def test_what_goes_on_beyond_the_axis_says_so() -> None:
    row = draw_row(Interval(value=0.0, low=-50.0, high=60.0, least=0.0, mde=90.0, first=-5.0, last=5.0))

    assert (row.low, row.high, row.is_cut_low, row.is_cut_high, row.mde) == (0.0, 1.0, True, True, None)


def test_a_fall_is_held_against_the_fall_that_could_have_been_seen() -> None:
    assert draw_row(Interval(-3.0, -4.0, -2.0, 0.0, 2.0, -5.0, 5.0)).mde == 0.3


def test_intervals_of_different_axes_share_no_ticks() -> None:
    one = Interval(1.0, 0.0, 2.0, 0.0, None, -5.0, 5.0)

    assert [tick.label for tick in draw_axis([one, one])] == ["−5", "0", "+5"]
    assert draw_axis([one, replace(one, last=6.0)]) == ()
    assert draw_axis([]) == ()


def test_an_axis_without_length_is_drawn_all_the_same() -> None:
    row = draw_row(Interval(0.0, 0.0, 0.0, 0.0, None, 0.0, 0.0))

    assert (row.low, row.value, row.high, row.zero) == (0.5, 0.5, 0.5, 0.5)


def test_each_step_of_a_waterfall_begins_where_the_one_before_ended() -> None:
    rows = draw_waterfall(waterfall()).rows

    assert rows[0].before is None
    assert rows[-1].after is None
    for above, below in pairwise(rows):
        assert above.after == below.before == pytest.approx(above.end)
        if not below.step.is_total:
            assert below.start == above.end


def test_totals_are_bars_from_zero_only_where_zero_is_on_the_axis() -> None:
    far = draw_waterfall(waterfall())
    near = draw_waterfall(
        WaterfallBlock("w", "t", "d", "", (Step("Before", 2.0, is_total=True), Step("A", 4.0), Step("B", -1.0)))
    )

    assert (far.has_ground, far.rows[0].width) == (False, 0.0)
    assert near.has_ground
    assert near.rows[0].left == near.zero == 0.0
    assert near.rows[1].width == pytest.approx(2 * near.rows[0].width)


@given(st.lists(numbers, max_size=8))
def test_every_waterfall_stays_within_its_width(values: list[float]) -> None:
    steps = tuple(Step(str(value), value, value - 1, value + 1) for value in values)
    drawing = draw_waterfall(WaterfallBlock("w", "t", "d", "", steps))

    for row in drawing.rows:
        assert 0 <= row.left <= row.left + row.width <= 1 + 1e-9
        assert row.low is not None
        assert row.high is not None
        assert 0 <= row.low <= row.high <= 1


def test_the_parts_of_a_period_fill_its_column_from_the_ground_up() -> None:
    chart = CoverageChart("c", "t", "d", (Portion("S1", 0.7), Portion("S2", 0.0)), threshold=0.7)
    drawing = draw_coverage(chart)

    linked, unlinked = drawing.columns[0].parts
    assert (linked.height, unlinked.height) == (105.0, 45.0)
    assert (linked.y, unlinked.y) == (45.0, 0.0)
    assert drawing.threshold == pytest.approx(0.3 * COVERAGE_HEIGHT)
    assert [part.height for part in drawing.columns[1].parts] == [0, COVERAGE_HEIGHT]


@pytest.mark.parametrize("count", [0, 1, 5, 12, 13, 60])
def test_of_many_periods_the_last_and_every_nth_is_named(count: int) -> None:
    columns = draw_coverage(CoverageChart("c", "t", "d", (Portion("S", 1.0),) * count)).columns
    named = [column for column in columns if column.has_label]

    assert len(named) <= 12
    assert len([column for column in named if not column.is_minor]) <= 4
    assert count == 0 or (columns[-1].has_label and not columns[-1].is_minor)
    assert all(0 <= column.x < column.x + column.width <= 1 for column in columns)


def test_a_bar_is_as_long_as_its_share_of_the_whole_so_that_groups_can_be_compared() -> None:
    rows = draw_bars(Bars("b", "c", (Bar("x", 0.5, ""), Bar("y", 0.25, ""), Bar("z", 0.0, ""))))

    assert [row.width for row in rows] == [0.5, 0.25, 0.0]
    assert [row.width for row in draw_bars(Bars("b", "c", (Bar("x", 0.0, ""),)))] == [0.0]
