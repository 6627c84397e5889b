"""Compute the statistics of weather that the catalogue ships, from measured files that it does not ship.

Usage: python scripts/compute_climate.py DATA_FOLDER [NAME ...]

DATA_FOLDER holds ``facility/weather`` with the files named below. The results go to
``src/exatwin/catalogue/data/weather``. Only statistics are written, never a series.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from climate_fit import Fit, Series, describe, fit_moisture, free_cooling, give_humidity, write

from exatwin.facility.calendar import hour
from exatwin.facility.climate import hours_of
from exatwin.facility.hourly import Columns
from exatwin.facility.psychrometrics import saturation_pressure_pa, wet_bulb_k
from exatwin.facility.sun import clear_sky_w_m2
from exatwin.facility.weather_files import read_columns

TARGET = Path(__file__).parents[1] / "src/exatwin/catalogue/data/weather"
LOW_SUN_W_M2 = 80.0
BRIGHTEST = 1.25  # of the clear sky: edges of clouds for an hour; more is an error of time
ORDER = ("wind", "sun", "air", "pressure", "dew")
DWD = "Datenbasis: Deutscher Wetterdienst, bearbeitet"
HISIM = "https://github.com/FZJ-IEK3-VSA/HiSim/tree/aa7ae028"
RWTH = "https://github.com/RWTH-EBC/districtgenerator/tree/2fc166d4/districtgenerator/data/weather"


@dataclass(frozen=True)
class Place:
    """One file to compute from, and where its sun shines."""

    file: str
    title: str
    latitude: float
    longitude: float
    source: str
    url: str
    stand_in: str = ""
    at: tuple[float, float] = (0.0, 0.0)
    """Where the year is generated for, if elsewhere than measured."""
    pressure: str = ""
    """Place of the same year whose air pressure stands in for one that was not recorded."""
    zone_h: int = 0
    """By how much the stamps are ahead of UTC where the file does not say so; the noon of its sun tells."""


def _try5(which: str, words: str) -> Place:
    return Place(
        f"de_try_zone5_{which}.csv.gz", f"Lower Rhine and Jülich, {words} (region 5 of the DWD, 87 m)", 51.45,
        7.0, f"Test reference year of the DWD, region 5, {words}. {DWD}", RWTH, at=(50.91, 6.41),
    )  # fmt: skip


def _nsrdb(
    city: str, title: str, latitude: float, longitude: float, stand_in: str = "juelich", zone_h: int = 0
) -> Place:
    return Place(
        f"eu_{city}_nsrdb15min_2019.csv.gz", f"{title}, 2019 (no humidity: that of {stand_in})", latitude,
        longitude, "NSRDB of NREL, 2019, every quarter of an hour (CC BY 3.0 US)",
        HISIM, stand_in, zone_h=zone_h,
    )  # fmt: skip


PLACES = {
    "juelich": Place(
        "de_aachen_city_try2015_mean.csv.gz", "Jülich, mean year (from Aachen, 25 km away)", 50.78, 6.08,
        f"Test reference year of the DWD, Aachen city, mean year of 1995 to 2012. {DWD}", HISIM,
        at=(50.91, 6.41),
    ),
    "region-5": _try5("2015_mean", "mean year of 1995 to 2012"),
    "juelich-hot-summer": _try5("2015_hot_summer", "extreme summer of 1995 to 2012"),
    "juelich-cold-winter": _try5("2015_cold_winter", "extreme winter of 1995 to 2012"),
    "juelich-2045": _try5("2045_mean", "mean year of 2031 to 2060"),
    "juelich-2045-hot-summer": _try5("2045_hot_summer", "extreme summer of 2031 to 2060"),
    "juelich-2045-cold-winter": _try5("2045_cold_winter", "extreme winter of 2031 to 2060"),
    "aachen-orsbach": Place(
        "de_aachen_orsbach_try2015_mean.csv.gz", "Aachen-Orsbach, mean year (open land, 230 m)", 50.80, 6.02,
        f"Test reference year of the DWD, Aachen-Orsbach, mean year of 1995 to 2012. {DWD}", HISIM,
    ),
    "piedmont": Place(
        "it_piedmont_45N8E_pvgis_tmy_2005_2023.csv.gz", "Piedmont at 45 N 8 E, typical year of 2005 to 2023",
        45.0, 8.0, "PVGIS typical meteorological year, European Union 2001-2025",
        "https://github.com/pvlib/pvlib-python",
    ),
    "paris": _nsrdb("paris", "Paris", 48.86, 2.35),
    "brussels": _nsrdb("brussels_uccle", "Brussels", 50.80, 4.36),
    "amsterdam": _nsrdb("amsterdam", "Amsterdam", 52.37, 4.90, zone_h=1),
    "prague": _nsrdb("prague", "Prague", 50.08, 14.44),
    "dublin": _nsrdb("dublin", "Dublin", 53.35, -6.26),
    "oslo": _nsrdb("oslo", "Oslo", 59.91, 10.75),
    "stockholm": _nsrdb("stockholm", "Stockholm", 59.33, 18.07, zone_h=1),
    "rome": _nsrdb("rome", "Rome", 41.90, 12.50, "piedmont"),
    "barcelona": replace(
        _nsrdb("barcelona", "Barcelona", 41.39, 2.17, "piedmont"), pressure="rome",
        title="Barcelona, 2019 (no humidity: that of piedmont; no pressure: that of rome)",
    ),
}  # fmt: skip


def dew_point_k(vapour_pa: np.ndarray) -> np.ndarray:
    """Return the temperature at which the vapour would condense [K], read from a table of 0.01 K."""
    grid = np.linspace(200.0, 330.0, 13001)
    return np.interp(vapour_pa, saturation_pressure_pa(grid), grid)


def clear_share(hours: np.ndarray, sun: np.ndarray, latitude: float, longitude: float) -> np.ndarray:
    """Return the irradiance as a share of the clear sky's, NaN where the sun is low.

    Notes
    -----
    Stamps may mean the begin, the middle or the end of an interval. What is left of the distance between the
    noons of the file and of the sky is taken out, so that mornings and evenings compare.
    """
    clock = hour(hours) + 0.5
    sky = clear_sky_w_m2(hours, latitude, longitude)
    late_h = (sun * clock).sum() / sun.sum() - (sky * clock).sum() / sky.sum()
    moved = hours.astype("datetime64[s]") - np.timedelta64(round(late_h * 3600), "s")
    sky = clear_sky_w_m2(moved, latitude, longitude)
    return np.where(sky > LOW_SUN_W_M2, np.minimum(sun / np.maximum(sky, 1.0), BRIGHTEST), np.nan)


def series(
    columns: Columns, place: Place, pressure: np.ndarray | None = None
) -> tuple[Series, dict[str, np.ndarray]]:
    """Return what is fitted (the sun as a share of the clear sky's) and what was measured, a year of UTC.

    `pressure` is fitted where the file has none.
    """
    hours = hours_of(2019)
    given = {name: np.roll(row, -place.zone_h) for name, row in columns.typical_year(hours).items()}
    share = clear_share(hours, given["sun"], place.latitude, place.longitude)
    found = {"wind": given["wind"], "sun": share, "air": given["air"]}
    found["pressure"] = given["pressure"] if pressure is None else pressure
    if "humidity" in given:
        found["dew"] = dew_point_k(given["humidity"] * saturation_pressure_pa(given["air"]))
    return Series(hours, hours, found), given


def main() -> None:
    """Fit every place that is asked for (all by default) and write its file."""
    folder = Path(sys.argv[1]) / "facility" / "weather"
    wanted = sys.argv[2:] or list(PLACES)
    fits: dict[str, Fit] = {}
    for name in dict.fromkeys([*(PLACES[n].stand_in for n in wanted if PLACES[n].stand_in), *wanted]):
        place = PLACES[name]
        columns = read_columns(folder / place.file)
        if place.pressure:
            other = read_columns(folder / PLACES[place.pressure].file).typical_year(hours_of(2019))
            data, given = series(columns, place, other["pressure"])
        else:
            data, given = series(columns, place)
        fit = Fit.of(data, [v for v in ORDER if v in data.values], linear=("air", "pressure", "dew"))
        if "humidity" in given:
            fit = fit_moisture(fit, data, given["humidity"])
        if place.stand_in:
            fit = give_humidity(fit, fits[place.stand_in], place.stand_in)
        if place.pressure:
            lent = fit.variables["pressure"].model_copy(update={"stand_in": place.pressure})
            fit = replace(fit, variables=fit.variables | {"pressure": lent})
        fits[name] = fit
        measured = {key: describe(value) for key, value in given.items()}
        air = given["air"]
        measured["free_cooling_dry_h"] = free_cooling(air + 10)
        if "humidity" in given:
            bulb = wet_bulb_k(air, given["humidity"], given["pressure"])
            measured["wet_bulb"] = describe(bulb)
            measured["free_cooling_wet_h"] = free_cooling(bulb + 5)
        if name in wanted:
            write(
                TARGET / f"{name}.toml", name, place.title, fit, measured,
                source=(place.source, place.url), clock="UTC",
                position=place.at if any(place.at) else (place.latitude, place.longitude),
                units={"wind": "m/s", "sun": "1", "air": "K", "pressure": "Pa", "dew": "K"},
            )  # fmt: skip
            print(f"{name}: {TARGET / f'{name}.toml'}")


if __name__ == "__main__":
    main()
