"""Hours of the calendar, clocks of Berlin, and the sun that belongs to them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from exatwin.facility import calendar
from exatwin.facility.sun import clear_sky_w_m2, sine_of_height


def hours(text: str, count: int) -> calendar.Times:
    return np.datetime64(text, "h") + np.arange(count)


def test_an_instant_of_any_zone_is_utc() -> None:
    local = datetime(2025, 7, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert calendar.instant(local) == np.datetime64("2025-07-01T00", "s")
    assert calendar.instant(datetime(2025, 7, 1)) == np.datetime64("2025-07-01", "s")


def test_a_window_between_hours_is_cut_at_its_ends() -> None:
    found, edges = calendar.window(datetime(2025, 1, 1, 0, 30, tzinfo=UTC), -3600.0, 5000.0)
    assert [str(t) for t in found] == ["2024-12-31T23", "2025-01-01T00", "2025-01-01T01"]
    assert edges.tolist() == [-3600.0, -1800.0, 1800.0, 5000.0]


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.0), (5.0, 1.0), (0.0, float("inf")), (float("nan"), 1.0)])
def test_an_empty_or_endless_window_is_refused(low: float, high: float) -> None:
    with pytest.raises(ValueError, match="must end after"):
        calendar.window(datetime(2025, 1, 1), low, high)


def test_parts_of_a_time_agree_with_datetime() -> None:
    times = hours("2023-12-30T05", 24 * 430)
    stamps = times.tolist()
    assert calendar.year(times).tolist() == [t.year for t in stamps]
    assert calendar.month(times).tolist() == [t.month - 1 for t in stamps]
    assert calendar.day(times).tolist() == [t.day for t in stamps]
    assert calendar.hour(times).tolist() == [t.hour for t in stamps]
    assert calendar.day_kind(times).tolist() == [max(t.weekday() - 4, 0) for t in stamps]


def test_clocks_of_berlin_agree_with_the_zone_data_base() -> None:
    zoneinfo = pytest.importorskip("zoneinfo")
    try:
        berlin = zoneinfo.ZoneInfo("Europe/Berlin")
    except zoneinfo.ZoneInfoNotFoundError:
        pytest.skip("this machine has no zone data base")
    for year in (1997, 2024, 2025, 2031):
        times = hours(f"{year}-01-01", 8760)
        ours = calendar.berlin(times).tolist()
        theirs = [t.replace(tzinfo=UTC).astimezone(berlin).replace(tzinfo=None) for t in times.tolist()]
        assert ours == theirs


def test_clocks_of_berlin_change_twice_a_year() -> None:
    shown = calendar.berlin(hours("2025-01-01", 8760))
    step = np.diff(shown).astype(int)
    assert sorted(step[step != 1].tolist()) == [0, 2]


def test_the_sun_of_midsummer_noon_stands_where_it_should() -> None:
    noon = np.array(["2025-06-21T11:36:00"], "datetime64[s]")
    height = np.degrees(np.arcsin(sine_of_height(noon, 50.91, 6.41)))[0]
    assert height == pytest.approx(90 - 50.91 + 23.44, abs=0.1)


def test_the_clear_sky_is_dark_at_night_and_bounded_by_day() -> None:
    sky = clear_sky_w_m2(hours("2025-01-01", 8760), 50.91, 6.41)
    assert sky.min() == 0.0
    assert 850 < sky.max() < 1000
    assert 0.49 < (sky > 0).mean() < 0.56
