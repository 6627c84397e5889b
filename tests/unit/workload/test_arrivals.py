from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from exatwin.workload.arrivals import DAY_S, HOUR_S, WEEK_S, spread, weeks

FLAT_DAYS = [1.0] * 7
FLAT_HOURS = [1.0] * 24
MONDAY = datetime(2026, 9, 7, tzinfo=UTC)


def test_a_flat_rhythm_leaves_positions_as_they_are():
    (week,) = weeks(MONDAY, 0, 1, "UTC")
    position = np.linspace(0.0, 1.0, 11)
    assert week.times(position, FLAT_HOURS, FLAT_DAYS) == pytest.approx(position * WEEK_S)


def test_submissions_of_one_local_hour_fall_into_that_hour_in_summer_and_winter():
    at_nine = [float(hour == 9) for hour in range(24)]
    for start, utc_hour in ((datetime(2026, 7, 6, tzinfo=UTC), 7), (datetime(2026, 1, 5, tzinfo=UTC), 8)):
        (week,) = weeks(start, 0, 1, "Europe/Berlin")
        found = week.times(np.linspace(0.001, 0.999, 50), at_nine, FLAT_DAYS)
        assert set((found % DAY_S // HOUR_S).astype(int)) == {utc_hour}


def test_the_clock_change_moves_the_local_hour_within_a_week():
    (week,) = weeks(datetime(2026, 10, 19, tzinfo=UTC), 0, 1, "Europe/Berlin")  # clocks go back on the 25th
    assert week.hour[:3].tolist() == [2, 3, 4]
    sunday = week.hour[6 * 24 : 6 * 24 + 4].tolist()
    assert sunday == [2, 2, 3, 4]


def test_weekdays_are_local_and_counted_from_monday():
    (week,) = weeks(MONDAY, 0, 1, "Europe/Berlin")
    assert week.weekday[0] == 0
    assert week.weekday[21] == 0
    assert week.weekday[22] == 1  # 22:00 UTC on Monday is Tuesday in Berlin


def test_a_day_without_submissions_gets_none():
    (week,) = weeks(MONDAY, 0, 1, "UTC")
    days = [1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0]
    found = week.times(np.linspace(0.0, 1.0, 1001), FLAT_HOURS, days)
    inside = (found > 2 * DAY_S + 1e-6) & (found < 3 * DAY_S - 1e-6)
    assert not inside.any()


def test_weeks_before_the_start_are_those_of_the_calendar():
    (before,) = weeks(MONDAY, -1, 0, "Europe/Berlin")
    (same,) = weeks(MONDAY - timedelta(weeks=1), 0, 1, "Europe/Berlin")
    assert np.array_equal(before.hour, same.hour)
    assert np.array_equal(before.weekday, same.weekday)


def test_a_group_sends_one_job_after_the_other():
    group = np.array([0, 0, 0, 1, 1])
    found = spread(np.array([100.0, 50.0]), np.array([10.0, 20.0, 30.0, 5.0, 7.0]), group)
    assert found.tolist() == [100, 110, 130, 50, 55]


def test_what_passes_the_end_of_the_week_goes_on_at_its_beginning():
    found = spread(np.array([WEEK_S - 10.0]), np.array([30.0, 30.0]), np.array([0, 0]))
    assert found.tolist() == [WEEK_S - 10, 20]


def test_no_groups_no_jobs():
    assert len(spread(np.empty(0), np.empty(0), np.empty(0, np.int64))) == 0
