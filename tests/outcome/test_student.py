"""Student's t and mixtures of it, against published tables and against one another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okrsync.outcome.student import Mixture, t_below, t_quantile
from support.examples import examples

# Two-sided 5 % points, as in any table of Student's t.
TABLE = [(1, 12.7062), (2, 4.30265), (5, 2.57058), (10, 2.22814), (30, 2.04227), (120, 1.97993)]


def lone(mean: float, scale: float, df: int) -> Mixture:
    return Mixture(np.ones(1), np.array([[mean]]), np.array([[scale]]), df)


@st.composite
def mixtures(draw: st.DrawFn) -> Mixture:
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    parts, quantities = draw(st.integers(1, 12)), draw(st.integers(1, 3))
    apart = draw(st.sampled_from([0.0, 1.0, 30.0]))
    weights = random.dirichlet(np.ones(parts))
    means = apart * random.normal(size=(parts, quantities))
    return Mixture(weights, means, np.exp(random.normal(size=(parts, quantities))), draw(st.integers(1, 200)))


@pytest.mark.parametrize(("df", "point"), TABLE)
def test_the_distribution_function_agrees_with_the_table(df: int, point: float) -> None:
    assert t_below(np.array([point]), df)[0] == pytest.approx(0.975, abs=1e-6)


@pytest.mark.parametrize(("df", "point"), TABLE)
def test_quantiles_agree_with_the_table(df: int, point: float) -> None:
    assert t_quantile(0.975, df) == pytest.approx(point, abs=5e-5)
    assert t_quantile(0.025, df) == pytest.approx(-point, abs=5e-5)


@pytest.mark.parametrize(
    ("df", "t", "share"), [(1, 1.0, 0.75), (2, 2**0.5, 0.5 + 0.5 * 0.5**0.5), (4, 2.1318468, 0.95)]
)
def test_the_distribution_function_has_the_values_of_its_closed_form(df: int, t: float, share: float) -> None:
    assert t_below(np.array([t]), df)[0] == pytest.approx(share, abs=1e-8)


@pytest.mark.parametrize("df", [1, 2, 3, 4, 7, 16, 31, 100, 365, 1000])
def test_the_distribution_function_is_symmetric_and_rises(df: int) -> None:
    t = np.linspace(-8, 8, 161)

    below = t_below(t, df)

    np.testing.assert_allclose(below + t_below(-t, df), 1.0, atol=1e-14)
    assert below[80] == 0.5
    assert np.all(np.diff(below) > -1e-15)


def test_with_many_degrees_of_freedom_it_is_the_normal_distribution() -> None:
    assert t_quantile(0.975, 20_000) == pytest.approx(1.959964, abs=2e-4)


def test_the_shape_of_what_is_asked_is_the_shape_of_the_answer() -> None:
    t = np.linspace(-2, 2, 12).reshape(3, 4)

    np.testing.assert_array_equal(t_below(t, 9), t_below(t.ravel(), 9).reshape(3, 4))


@settings(max_examples=examples(25))
@given(mixtures())
def test_quantiles_of_a_mixture_invert_its_distribution_function(mixture: Mixture) -> None:
    shares = [0.005, 0.025, 0.3, 0.5, 0.9, 0.975]

    found = mixture.quantiles(shares)

    assert found.shape == (6, mixture.means.shape[1])
    for share, row in zip(shares, found, strict=True):
        np.testing.assert_allclose(mixture.below(row), share, atol=1e-8)


def test_a_quantile_between_components_far_apart_is_found_where_newtons_method_goes_in_circles() -> None:
    weights = [0.0366, 0.0654, 0.0777, 0.09, 0.2943, 0.1364, 0.0281, 0.0494, 0.0194, 0.1641, 0.0386]
    means = [-29.95, 49.17, 61.06, 0.7861526, -14.2868177, 61.816, 28.3834, 26.0339, 9.62175895, 12.0112596, -37.579]
    scales = [1.226, 0.5165, 2.607, 1.85688829, 0.48936634, 0.918, 0.8755, 1.081, 0.14291144, 3.17000604, 0.417]
    mixture = Mixture(np.array(weights) / sum(weights), np.array(means)[:, None], np.array(scales)[:, None], 73)
    shares = [share / 100 for share in range(1, 100)]

    found = mixture.quantiles(shares)

    np.testing.assert_allclose([mixture.below(row)[0] for row in found], shares, atol=1e-8)


@settings(max_examples=examples(25))
@given(mixtures())
def test_intervals_nest_by_their_level(mixture: Mixture) -> None:
    rows = mixture.quantiles([0.005, 0.025, 0.05, 0.25, 0.75, 0.95, 0.975, 0.995])

    assert np.all(np.diff(rows, axis=0) > 0)


@settings(max_examples=examples(25))
@given(mixtures())
def test_p_is_under_five_percent_exactly_where_the_interval_leaves_zero_out(mixture: Mixture) -> None:
    low, high = mixture.quantiles([0.025, 0.975])

    np.testing.assert_array_equal(mixture.p_two_sided() < 0.05, (low > 0) | (high < 0))


@pytest.mark.parametrize(("df", "point"), TABLE)
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_p_of_one_component_is_that_of_the_t_test(df: int, point: float, sign: float) -> None:
    assert lone(sign * point * 3.7, 3.7, df).p_two_sided()[0] == pytest.approx(0.05, abs=2e-6)


def test_p_at_no_effect_is_one() -> None:
    assert lone(0.0, 1.0, 12).p_two_sided()[0] == 1.0


@pytest.mark.parametrize("far", [1e1, 3e1, 1e2, 1e3, 1e6])
def test_p_is_never_negative(far: float) -> None:
    found = [(df, lone(sign * far, 1.0, df).p_two_sided()[0]) for df in range(1, 200) for sign in (-1.0, 1.0)]

    assert [entry for entry in found if not 0 <= entry[1] <= 1] == []


def test_mean_and_standard_deviation_are_those_of_the_mixture() -> None:
    mixture = Mixture(np.array([0.25, 0.75]), np.array([[1e6], [1e6 + 4]]), np.array([[1.0], [2.0]]), 10)

    assert mixture.mean[0] == pytest.approx(1e6 + 3)
    # Within: 10 / 8 of the squared scales; between: the spread of 1e6 and 1e6 + 4.
    assert mixture.standard_deviation[0] == pytest.approx((1.25 * (0.25 + 0.75 * 4) + 0.25 * 9 + 0.75 * 1) ** 0.5)
