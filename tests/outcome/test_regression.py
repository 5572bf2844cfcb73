"""The regression against a direct, dense computation of the documented formulas."""

from __future__ import annotations

import numpy as np
import pytest

from okrsync.outcome import grid
from okrsync.outcome.grid import CELLS, CovariancePoint, whitener_of
from okrsync.outcome.regression import TRENDS, Posterior, fit, grams_of
from outcome.builders import Floats, noise, step

EVEN = np.arange(40.0)
IRREGULAR = np.cumsum([0.0, *np.random.default_rng(5).choice([1.0, 1.0, 1.0, 2.0, 6.0, 0.5], 39)])
TIMES = pytest.mark.parametrize("times", [EVEN, IRREGULAR], ids=["even", "irregular"])
SAMPLES = pytest.mark.parametrize("with_sizes", [False, True], ids=["alike", "of different sizes"])
PRECISIONS = (0.25, 0.25, 1 / 9)
FLOOR = 1e-4


def covariance(cell: CovariancePoint, times: Floats, variances: Floats) -> Floats:
    """``R = (1 - v) I + v exp(-|dt| / tau) + f^2 min(t, t')``; without a tau nothing persists."""
    apart = np.abs(np.subtract.outer(times, times))
    kept = cell.share * np.exp(-apart / cell.tau) if cell.share else 0.0
    return np.asarray(np.diag((1 - cell.share) * variances) + kept + 0.05**2 * np.minimum.outer(times, times))


def spreads(with_sizes: bool) -> Floats:
    return np.random.default_rng(8).uniform(0.3, 3.0, 40) if with_sizes else np.ones(40)


def columns(times: Floats) -> Floats:
    """y, the constant, a step; two weekdays and a control; the trend."""
    n = len(times)
    weekdays = [(np.arange(n) % 7 == place).astype(float) for place in (5, 6)]
    trend = (times - times.mean()) / (times[-1] - times[0])
    y = noise(n, 3) + 1.5 * step(n, 25) + trend
    return np.stack([y, np.ones(n), step(n, 25), *weekdays, noise(n, 4), trend], axis=1)


def fitted(times: Floats, with_sizes: bool) -> Posterior:
    whitener = whitener_of(times, spreads(with_sizes) if with_sizes else None)
    return fit(grams_of(columns(times), whitener), [1, 2], [3, 4, 5], PRECISIONS, 6, FLOOR)


@SAMPLES
@TIMES
def test_means_and_covariances_are_those_of_a_direct_solution(times: Floats, with_sizes: bool) -> None:
    found, given = fitted(times, with_sizes), columns(times)
    y = given[:, 0]

    for row, cell in enumerate(CELLS):
        precision = np.linalg.inv(covariance(cell, times, spreads(with_sizes)))
        for place, trend in enumerate(TRENDS):
            used = given[:, 1:] if trend else given[:, 1:-1]
            prior = [1e-6, 1e-6, *PRECISIONS, 1 / trend**2] if trend else [1e-6, 1e-6, *PRECISIONS]
            spread = np.linalg.inv(used.T @ precision @ used + np.diag(prior))
            mean = spread @ used.T @ precision @ y
            model, size = row * len(TRENDS) + place, len(prior)
            np.testing.assert_allclose(found.means[model, :size], mean, rtol=1e-6, atol=1e-8)
            np.testing.assert_allclose(found.covariances[model, :size, :size], spread, rtol=1e-6, atol=1e-8)
            assert not found.means[model, size:].any(), "without a trend its coefficient is zero"
            assert not found.covariances[model, size:].any()


@SAMPLES
@TIMES
def test_weights_and_variances_are_those_of_the_restricted_likelihood(times: Floats, with_sizes: bool) -> None:
    """Shrunk columns as part of the covariance, flat ones projected out: another way to the same numbers."""
    found, given = fitted(times, with_sizes), columns(times)
    y, flat, shrunk, trend = given[:, 0], given[:, 1:3], given[:, 3:6], given[:, 6]
    df = len(y) - 2
    logs, scales = [], []

    for cell in CELLS:
        plain = covariance(cell, times, spreads(with_sizes)) + shrunk @ np.diag(1 / np.array(PRECISIONS)) @ shrunk.T
        for sd in TRENDS:
            whole = plain + sd**2 * np.outer(trend, trend)
            inverse = np.linalg.inv(whole)
            inner = flat.T @ inverse @ flat
            left = inverse - inverse @ flat @ np.linalg.solve(inner, flat.T @ inverse)
            rest = y @ left @ y + FLOOR
            tilt = 0.5 * cell.share * np.log(cell.tau) if cell.share else 0.0
            dets = np.linalg.slogdet(whole)[1] + np.linalg.slogdet(inner)[1]
            logs.append(tilt - 0.5 * dets - df / 2 * np.log(rest))
            scales.append(rest / df)

    weights = np.exp(np.array(logs) - max(logs))
    assert found.df == df
    np.testing.assert_allclose(found.weights, weights / weights.sum(), rtol=1e-4)
    np.testing.assert_allclose(found.variance, scales, rtol=1e-4)


def test_without_a_trend_the_models_are_the_cells() -> None:
    given = columns(EVEN)
    grams = grams_of(given, whitener_of(EVEN))

    without = fit(grams, [1, 2], [3, 4, 5], PRECISIONS, None, FLOOR)
    none = fit(grams, [1, 2], [3, 4, 5], PRECISIONS, 6, FLOOR, trends=(0.0,))

    np.testing.assert_allclose(without.weights, none.weights, rtol=1e-10)
    np.testing.assert_allclose(without.means, none.means[:, :-1], rtol=1e-10)


def test_the_white_noise_cell_is_generalised_least_squares() -> None:
    """With nothing shrunk and no trend; the slow walk is all that is beside white noise."""
    given = columns(EVEN)
    found = fit(grams_of(given, whitener_of(EVEN)), [1, 2], [], [], None, 0.0)
    root = np.linalg.inv(np.linalg.cholesky(np.eye(40) + 0.0025 * np.minimum(EVEN[:, None], EVEN)))

    solved, rest, _, _ = np.linalg.lstsq(root @ given[:, 1:3], root @ given[:, 0])

    np.testing.assert_allclose(found.means[0], solved, rtol=1e-5)
    assert found.variance[0] == pytest.approx(rest[0] / 38, rel=1e-5)


@pytest.mark.parametrize("n", [2, 16, 17, 40, 64, 130, 200, 257])
def test_evenly_spaced_series_share_a_factorisation_that_is_their_own(n: int) -> None:
    times = np.arange(float(n))

    found = whitener_of(times)
    inverses = found.white(np.eye(n))

    for row, cell in enumerate(CELLS):
        factor = np.linalg.cholesky(covariance(cell, times, np.ones(n)))
        np.testing.assert_allclose(inverses[row] @ factor, np.eye(n), atol=1e-9)
        assert found.log_roots[row] == pytest.approx(np.log(np.diagonal(factor)).sum(), rel=1e-9, abs=1e-12)


@SAMPLES
def test_irregular_times_have_their_own_factorisation(with_sizes: bool) -> None:
    found = whitener_of(IRREGULAR, spreads(with_sizes) if with_sizes else None)
    inverses = found.white(np.eye(40))

    for row, cell in enumerate(CELLS):
        dense = covariance(cell, IRREGULAR, spreads(with_sizes))
        np.testing.assert_allclose(inverses[row] @ dense @ inverses[row].T, np.eye(40), atol=1e-9)
        assert found.log_roots[row] == pytest.approx(np.linalg.slogdet(dense)[1] / 2, rel=1e-9)


@SAMPLES
@pytest.mark.parametrize("n", [9, 16, 17, 32, 33, 90])
def test_what_was_whitened_before_moves_no_digit(n: int, with_sizes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    source = np.random.default_rng(n)
    longer = np.cumsum([0.0, *source.choice([1.0, 1.0, 2.0], 139)])
    variances = source.uniform(0.3, 3.0, 140) if with_sizes else None
    given = source.normal(size=(n, 5))

    def whitened(*lengths: int, gap: float = 0.0) -> tuple[Floats, Floats]:
        """That of the first n, after those of other lengths, whose last observation comes later by *gap*."""
        monkeypatch.setattr(grid, "_HELD", grid._Held())
        for length in lengths:
            times = longer[:length] + gap * (np.arange(length) == length - 1)
            whitener_of(times, None if variances is None else variances[:length])
        found = whitener_of(longer[:n], None if variances is None else variances[:n])
        return found.white(given), found.log_roots

    alone = whitened()

    for before in (whitened(140), whitened(120, n), whitened(81, gap=30.0), whitened(100, n, n + 1, gap=30.0)):
        np.testing.assert_array_equal(before[0], alone[0])
        np.testing.assert_array_equal(before[1], alone[1])


def test_samples_all_alike_are_as_good_as_none() -> None:
    one, other = whitener_of(EVEN, np.ones(40)), whitener_of(EVEN)

    np.testing.assert_allclose(one.white(np.eye(40)), other.white(np.eye(40)), atol=1e-12)
    np.testing.assert_allclose(one.log_roots, other.log_roots, atol=1e-10)


def test_two_columns_that_are_the_same_share_their_effect_and_do_not_fail() -> None:
    given = columns(EVEN)
    twice = np.column_stack([given, given[:, 2]])

    found = fit(grams_of(twice, whitener_of(EVEN)), [1, 2, 7], [3, 4, 5], PRECISIONS, 6, FLOOR)

    np.testing.assert_allclose(found.means[:, 1], found.means[:, 2], atol=1e-4)
    assert np.isfinite(found.weights).all()
