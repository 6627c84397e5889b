"""Compute how the heat demand of three kinds of customers follows the weather, from standard profiles.

Usage: python scripts/compute_heat_profiles.py DATA_FOLDER

DATA_FOLDER holds ``facility/heat/heat_demand_shares_bdew_aachen_try2015.csv.gz``: hourly shares of a year's
demand by the standard profiles of the BDEW on a test reference year. Only what is fitted to them is
written, to ``src/exatwin/catalogue/data/heat-profiles``: a base, a limit of heating, a memory of the
outdoor temperature and the factors of 24 hours. The shares stand in German winter time, the factors in UTC.
"""

from __future__ import annotations

import csv
import gzip
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

from exatwin.catalogue.reuse import HeatProfile
from exatwin.facility.demand import demand_frac

TARGET = Path(__file__).resolve().parents[1] / "src/exatwin/catalogue/data/heat-profiles"
KINDS = {
    "trade": ("share_ghd", "Offices, trade and services (BDEW GHD)"),
    "apartments": ("share_mfh", "Apartment houses (BDEW MFH)"),
    "houses": ("share_efh", "Detached houses (BDEW EFH)"),
}
SOURCE = (
    "Standard load profiles of the BDEW for heat, by demandlib 0.2.2, on the DWD test reference year of "
    "Aachen, fitted by scripts/compute_heat_profiles.py (Datenbasis: Deutscher Wetterdienst, bearbeitet)"
)
DESIGN_C = -10.0
ZONE_H = 1


def read(folder: Path) -> dict[str, np.ndarray]:
    """Return the columns of the shares."""
    path = folder / "facility/heat/heat_demand_shares_bdew_aachen_try2015.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {key: np.array([float(row[key]) for row in rows]) for key in rows[0]}


def fit(share: np.ndarray, air_c: np.ndarray, name: str, title: str) -> tuple[HeatProfile, float]:
    """Return the profile nearest to hourly shares, and its error over the mean of days."""
    daily = share.reshape(-1, 24).mean(axis=1)
    hours = np.roll(share.reshape(-1, 24).mean(axis=0), -ZONE_H)
    air_k = air_c + 273.15

    def profile(p: np.ndarray) -> HeatProfile:
        return HeatProfile.model_construct(
            name=name, title=title, base_frac=float(p[0]), limit_k=float(p[1]), design_k=DESIGN_C + 273.15,
            memory_s=float(p[2]), hours=[round(float(h), 4) for h in hours / hours.mean()],
        )  # fmt: skip

    def days(p: np.ndarray) -> np.ndarray:
        shape = HeatProfile.model_construct(
            base_frac=p[0], limit_k=p[1], design_k=DESIGN_C + 273.15, memory_s=p[2]
        )
        return p[3] * demand_frac(shape, air_k).reshape(-1, 24).mean(axis=1)

    start = [0.1, 290.0, 1.5e5, daily.max()]
    found = least_squares(
        lambda p: (days(p) - daily) / daily.mean(), start, x_scale=[0.1, 1.0, 1e4, start[3]], diff_step=1e-3,
        bounds=([0.0, 280.0, 3600.0, 0.0], [1.0, 300.0, 1e6, 1.0]),
    )  # fmt: skip
    return profile(found.x), float(np.sqrt(np.mean(found.fun**2)))


def write(profile: HeatProfile, error: float) -> None:
    """Write the catalogue file of one profile."""
    fact = 'source = "BDEW", quality = "fitted"'
    hours = ",\n".join(f"    {{ value = {hour}, {fact} }}" for hour in profile.hours)
    text = f"""name = "{profile.name}"
title = "{profile.title}"
base = {{ value = {profile.base_frac:.4f}, {fact} }}
limit = {{ value = "{profile.limit_k - 273.15:.2f} degC", {fact} }}
design = {{ value = "{DESIGN_C} degC", source = "DESIGN", quality = "assumed" }}
memory = {{ value = "{profile.memory_s / 3600.0:.1f} h", {fact} }}
hours = [
{hours},
]
notes = [
    "Hours in UTC; the standard profile stands in German winter time.",
    "Daily means are met within {100 * error:.0f} % of the year's mean (root mean square).",
    "A standard profile, no measured campus.",
]

[sources.BDEW]
title = "{SOURCE}"
url = "https://github.com/oemof/demandlib"
as_of = "2026-11"

[sources.DESIGN]
title = "Assumed: outdoor temperature of the coldest day, for which the customers' demand is stated"
"""
    TARGET.mkdir(exist_ok=True)
    (TARGET / f"{profile.name}.toml").write_text(text, encoding="utf-8")


def main() -> None:
    """Fit, write and print."""
    columns = read(Path(sys.argv[1]))
    for name, (column, title) in KINDS.items():
        profile, error = fit(columns[column], columns["t_air_c"], name, title)
        write(profile, error)
        print(f"{name}: base {profile.base_frac:.3f}, limit {profile.limit_k - 273.15:.1f} °C, "
              f"memory {profile.memory_s / 3600:.0f} h, error of days {error:.1%}")  # fmt: skip


if __name__ == "__main__":
    main()
