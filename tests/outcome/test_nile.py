"""The flow of the Nile at Aswan, 1871 to 1970 (Cobb 1978): the textbook's series with a known break in 1899."""

from __future__ import annotations

from datetime import date

from okrsync.model.okrs import Direction
from okrsync.model.verdicts import OutcomeCheck, Verdict
from okrsync.outcome import Delivery, MetricSeries
from outcome.builders import judge, only, told

# In 10^8 cubic metres a year; R's datasets::Nile, statsmodels' nile.
FLOW = (
    *(1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960, 1180, 799, 958, 1140),
    *(1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694, 940, 833, 701, 916, 692, 1020, 1050, 969),
    *(831, 726, 456, 824, 702, 1120, 1100, 832, 764, 821, 768, 845, 864, 862, 698, 845, 744, 796, 1040, 759),
    *(781, 865, 845, 944, 984, 897, 822, 1010, 771, 676, 649, 846, 812, 742, 801, 1040, 860, 874, 848, 890),
    *(744, 749, 838, 1050, 918, 986, 797, 923, 975, 815, 1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740),
)


def flow(until: int) -> MetricSeries:
    years = range(1871, until + 1)
    return MetricSeries(tuple(date(year, 1, 1) for year in years), tuple(float(value) for value in FLOW[: len(years)]))


def dam(year: int) -> Delivery:
    return Delivery("dam", date(year, 1, 1))


def test_the_series_is_the_published_one() -> None:
    assert (len(FLOW), sum(FLOW)) == (100, 91_935)


def after_the_dam() -> OutcomeCheck:
    end = date(1970, 12, 31)
    return only(judge(flow(1970), dam(1899), as_of=end, direction=Direction.DECREASE, evaluate_at=end))


def test_the_break_of_1899_is_found() -> None:
    check = after_the_dam()

    assert (check.points_before, check.points_after) == (28, 72)
    assert check.verdict is Verdict.MOVED
    assert told(check).low < -248 < told(check).high < 0


def test_a_series_of_years_has_an_observed_change_too() -> None:
    """There are years before and after the dam, so neither side is without a point."""
    change = after_the_dam().observed_change

    assert change is not None
    assert change < 0


def test_an_invented_dam_before_it_is_not() -> None:
    check = only(
        judge(
            flow(1898),
            dam(1885),
            as_of=date(1898, 12, 31),
            direction=Direction.DECREASE,
            evaluate_at=date(1898, 12, 31),
        )
    )

    assert check.verdict is Verdict.INCONCLUSIVE
    assert told(check).low < 0 < told(check).high
