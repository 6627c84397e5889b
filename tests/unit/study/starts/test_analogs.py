"""Corrections learned from earlier forecasts: quantiles with waits that are not over, no look ahead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from exatwin.study.starts import analogs
from exatwin.study.starts.analogs import FEWEST, LEVELS, Past, corrected, foretold, quantiles
from exatwin.study.starts.forecast_scores import HINDSIGHT, NARROWEST, PAST, Band, pinball, scores

EVERY = np.array([0.1, 0.5, 0.9])


def past(count: int, seed: int = 0) -> Past:
    """Return forecasts that are off by a factor: four in five starts lie between a half and the double."""
    rng = np.random.default_rng(seed)
    said = np.exp(rng.normal(8.0, 1.0, count))
    wait = said * np.exp(rng.normal(0.0, np.log(2.0) / 1.2816, count))
    return Past(
        at_s=np.cumsum(rng.exponential(3600.0, count)), p50_s=said, p90_s=2 * said, nodes=np.full(count, 8.0),
        limit_s=np.full(count, 3600.0), partition=np.zeros(count), wait_s=np.rint(wait),
    )  # fmt: skip


def test_quantiles_without_open_waits_are_those_of_the_sample() -> None:
    wait = np.arange(1.0, 11.0)
    assert quantiles(wait, np.ones(10, bool), np.ones(10), EVERY).tolist() == [1.0, 5.0, 9.0]


def test_an_open_wait_counts_for_all_that_are_longer() -> None:
    wait, over = np.array([1.0, 1.0, 2.0, 3.0]), np.array([True, False, True, True])
    # After 1 of 4 a quarter is gone; the open one leaves, and 2 and 3 share the rest: 3/8 each.
    assert quantiles(wait, over, np.ones(4), np.array([0.25, 0.6, 0.7])).tolist() == [1.0, 2.0, 3.0]


def test_the_band_holds_four_in_five_and_is_no_wider_than_the_error_asks() -> None:
    found, low, high = scores(past(1500), 400)
    assert 0.75 <= found.band.held_frac <= 0.85
    assert found.band.interval_s < found.guess[HINDSIGHT].interval_s
    assert found.pinball_s[1] < found.guess_pinball_s[1]
    assert np.all(low <= high)


def test_no_forecast_sees_what_comes_later() -> None:
    known = past(300)
    now = known.at_s[200]
    wait = np.where(known.at_s + known.wait_s > now, known.wait_s + 50_000.0, known.wait_s)
    wait[201:] = 7.0
    before, after = corrected(known), corrected(known.replace(wait_s=wait))
    assert np.array_equal(before.sample_s[: 200 + 1], after.sample_s[: 200 + 1], equal_nan=True)
    assert before.high_s[200] == after.high_s[200]
    assert not np.array_equal(before.sample_s[250:], after.sample_s[250:])


def test_the_first_forecasts_learn_nothing() -> None:
    found = corrected(past(FEWEST + 5))
    assert np.isnan(found.low_s[:FEWEST]).all()
    assert np.isfinite(found.sample_s[FEWEST:]).all()
    assert np.all(np.diff(found.sample_s[FEWEST:], axis=1) >= 0)


def test_one_forecast_is_the_last_of_the_row() -> None:
    known = past(120)
    now = {name: float(column[-1]) for name, column in known}
    found = foretold(known, now | {"p50_s": 3000.0, "p90_s": 6000.0})
    assert found.sample_s.shape == (1, len(LEVELS))
    assert found.low_s[0] < 3000.0 < found.high_s[0]


def test_the_band_follows_a_machine_that_becomes_slower(monkeypatch: pytest.MonkeyPatch) -> None:
    known = past(1200)
    slower = known.replace(wait_s=known.wait_s * np.where(np.arange(1200) < 600, 1.0, 4.0))
    adapted = scores(slower, 700)[0].band.held_frac
    monkeypatch.setattr(analogs, "_JUDGED", 10**6)
    assert abs(adapted - 0.8) <= abs(scores(slower, 700)[0].band.held_frac - 0.8) + 0.01
    assert adapted > 0.7


def test_pinball_weighs_short_forecasts_by_their_level() -> None:
    assert pinball(np.array([10.0]), np.array([0.0]), 0.9) == pytest.approx(9.0)
    assert pinball(np.array([0.0]), np.array([10.0]), 0.9) == pytest.approx(1.0)


def test_constant_guesses_stand_on_the_same_rows_and_one_of_them_knows_only_the_past() -> None:
    known = past(600)
    found = scores(known, 200)[0]
    assert {name: band.jobs for name, band in found.guess.items()} == dict.fromkeys(found.guess, 400)
    wait = known.wait_s[200:]
    least = min(
        Band.of(wait, np.full(400, low), np.full(400, high)).interval_s
        for low in np.quantile(wait, np.arange(0.02, 0.3, 0.02))
        for high in np.quantile(wait, np.arange(0.7, 0.99, 0.02))
    )
    assert found.guess[HINDSIGHT].interval_s <= 1.01 * least  # no constant band is better
    later = known.replace(wait_s=np.where(known.at_s + known.wait_s > known.at_s[-1], 1e7, known.wait_s))
    again = scores(later, 200)[0]
    assert again.guess[PAST].mean_width_s == found.guess[PAST].mean_width_s
    assert again.guess[HINDSIGHT].mean_width_s != found.guess[HINDSIGHT].mean_width_s


def test_the_shortest_guess_holds_as_many_and_what_is_worse_is_said() -> None:
    found = scores(past(1500), 400)[0]
    assert found.guess[NARROWEST].held_frac >= found.band.held_frac
    assert found.guess[NARROWEST].mean_width_s <= found.guess[HINDSIGHT].mean_width_s
    assert list(found.worse()) == []
    worse = list(replace(found, error_s=(9e9, 1.0)).worse())
    assert worse == [
        f"median error of P50 9,000,000,000 s, of the median of all waits {found.guess_error_s[0]:,.0f} s"
    ]


def test_who_waits_for_no_more_sets_a_forecast_apart() -> None:
    """Jobs behind others wait for an hour though the simulation says at once; the others do start at once."""
    rng = np.random.default_rng(0)
    behind = rng.random(600) < 0.3
    known = past(600).replace(
        p50_s=np.zeros(600), p90_s=np.zeros(600), alike=1.0 * behind, wait_s=np.where(behind, 3600.0, 0.0)
    )
    found = scores(known, 300)[0]
    assert found.alone is not None
    assert found.behind is not None
    assert (found.alone[0].mean_width_s, found.alone[0].held_frac) == (0.0, 1.0)
    assert found.behind[0].held_frac == 1.0
    assert found.error_s == (0.0, 0.0)
