"""The shipped demand profiles beside the standard profiles that they were fitted to."""

from __future__ import annotations

import csv
import gzip

import numpy as np
import pytest

from exatwin.catalogue.reuse import heat_profile
from exatwin.facility.demand import demand_frac

COLUMNS = {"trade": "share_ghd", "apartments": "share_mfh", "houses": "share_efh"}
LOCAL_H = 1
"""By how much the file's winter time is ahead of UTC."""


@pytest.fixture(scope="module")
def shares(shared_data):
    path = shared_data / "facility/heat/heat_demand_shares_bdew_aachen_try2015.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {key: np.array([float(row[key]) for row in rows]) for key in rows[0]}


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "daily", "hourly"), [("trade", 0.09, 0.15), ("apartments", 0.06, 0.12), ("houses", 0.07, 0.16)]
)
def test_days_and_hours_of_the_standard_profile_are_met(shares, name, daily, hourly):
    profile, measured = heat_profile(name), shares[COLUMNS[name]]
    clock = (np.arange(8760) - LOCAL_H) % 24
    shape = demand_frac(profile, shares["t_air_c"] + 273.15) * np.asarray(profile.hours)[clock]
    predicted = shape / shape.sum()
    for step, most in ((24, daily), (1, hourly)):
        errors = (predicted - measured).reshape(-1, step).mean(axis=1) * 8760
        assert np.sqrt(np.mean(errors**2)) < most
    for month in np.array_split(predicted - measured, 12):
        assert abs(month.sum()) < 0.01
