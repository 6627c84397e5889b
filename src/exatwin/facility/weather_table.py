"""Tables of measured weather: their columns in SI, and what is checked of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from exatwin.facility.calendar import Times, hour
from exatwin.facility.hourly import Columns
from exatwin.facility.table_files import Field, integers, numbers, split_rows
from exatwin.foundation.arrays import Int64
from exatwin.foundation.errors import SpecError, TraceError, nearest

HPA, PERCENT, ZERO_C = 100.0, 0.01, 273.15
NOON_H = 1.5
"""How late the sun of a file may stand highest [h]: stamps differ by an hour in what they mean."""
_DAYS = 60
_COURSE = 0.3  # length of the mean hand; 0 for a sun that shines day and night, about 0.8 for a real one


def air(header: str, *missing: str) -> Field:
    """Return a column of the air temperature in degrees Celsius."""
    return Field(header, "air", -90.0, 60.0, shift=ZERO_C, missing=missing)


def humidity(header: str, *missing: str) -> Field:
    """Return a column of relative humidity in per cent."""
    return Field(header, "humidity", 0.0, 105.0, scale=PERCENT, missing=missing)


def pressure(header: str, scale: float, *missing: str) -> Field:
    """Return a column of air pressure in `scale` pascals."""
    return Field(header, "pressure", 40_000 / scale, 110_000 / scale, scale=scale, missing=missing)


def sun(header: str, *missing: str, name: str = "sun") -> Field:
    """Return a column of irradiance."""
    return Field(header, name, -20.0, 1700.0, missing=missing)


def wind(header: str, *missing: str) -> Field:
    """Return a column of wind speed."""
    return Field(header, "wind", 0.0, 110.0, missing=missing)


@dataclass(frozen=True)
class Table:
    """Rows below a header, column by column."""

    path: str
    names: list[str]
    rows: list[list[str]]
    numbers: Int64

    @classmethod
    def of(cls, path: str, lines: list[str], header: int, first: int, separator: str | None = ",") -> Table:
        """Return the rows from the line `first` on (counted from 0) under the cells of the line `header`."""
        names = [cell.strip() for cell in lines[header].split(separator)]
        return cls(path, names, *split_rows(path, lines[first:], first + 1, len(names), separator))

    def texts(self, header: str) -> list[str]:
        """Return the cells of a column."""
        at = self.names.index(header)
        return [row[at] for row in self.rows]

    def whole(self, header: str, low: int, high: int) -> Int64:
        """Return a column of whole numbers between `low` and `high`."""
        return integers(self.path, self.texts(header), self.numbers, header, low, high)

    def columns(self, form: str, times: Times, fields: tuple[Field, ...], typical: bool) -> Columns:
        """Return those of the `fields` that the table has, at `times` of UTC."""
        values = {
            field.name: numbers(self.path, self.texts(field.header), self.numbers, field)
            for field in fields
            if field.header in self.names
        }
        if "beam" in values:
            values["sun"] = values.pop("beam") + values.pop("diffuse")
        return finish(Columns(self.path, form, times, values, typical))

    def need(self, *headers: str) -> None:
        """Refuse a table that lacks one of these columns."""
        for header in headers:
            if header not in self.names:
                hint = nearest(header, self.names)
                raise SpecError(f"{self.path}: the column '{header}' is missing, {hint}")


def finish(columns: Columns) -> Columns:
    """Return the columns with humidity at most 1 and irradiance at least 0: sensors stray a little."""
    if "air" not in columns.values:
        raise SpecError(f"{columns.path}: there is no column of air temperature")
    if "humidity" in columns.values:
        columns.values["humidity"] = np.minimum(columns.values["humidity"], 1.0)
    if "sun" in columns.values:
        columns.values["sun"] = np.maximum(columns.values["sun"], 0.0)
    return columns


def zone_s(path: str, text: str, line: int) -> np.timedelta64:
    """Return by how much a file's clock is ahead of UTC, from a number of hours."""
    hours = numbers(path, [text], np.array([line]), Field("time zone", "", -12, 14))[0]
    if np.isnan(hours):
        raise TraceError(f"{path}, line {line}: the time zone is missing")
    return np.timedelta64(round(float(hours) * 3600), "s")


def noon_late_h(columns: Columns, longitude_deg: float) -> float | None:
    """Return how late the sun of a file stands highest for its place [h]; None where that can't be told.

    Parameters
    ----------
    columns
        The file; at least two months of it, with a daily course of the sun.
    longitude_deg
        Where it was measured, east positive [deg].

    Notes
    -----
    The direction of the sum of hands of a 24-hour clock, each as long as the irradiance, against noon by the
    mean sun. A file in local time, or moved by half a day, gives itself away.
    """
    sun = columns.values.get("sun")
    if sun is None:
        return None
    good = np.isfinite(sun)
    if len(np.unique(columns.times[good].astype("datetime64[D]"))) < _DAYS or sun[good].sum() <= 0.0:
        return None
    minutes = (columns.times - columns.times.astype("datetime64[h]")).astype("timedelta64[s]").astype(float)
    step = float(np.median(np.diff(np.sort(columns.times)).astype("timedelta64[s]").astype(float)))
    angle = (hour(columns.times) + (minutes + step / 2.0) / 3600.0) * np.pi / 12.0
    hand = (sun[good] * np.exp(1j * angle[good])).sum() / sun[good].sum()
    if abs(hand) < _COURSE:
        return None
    late = np.angle(hand) * 12.0 / np.pi - (12.0 - longitude_deg / 15.0)
    return float((late + 12.0) % 24.0 - 12.0)


def check_noon(columns: Columns, longitude: str, line: int) -> Columns:
    """Return the columns, or refuse them where their sun does not fit the place that the file names.

    Raises
    ------
    TraceError
        The sun stands highest hours before or after noon.
    """
    try:
        late = noon_late_h(columns, float(longitude))
    except ValueError:
        return columns
    if late is not None and abs(late) > NOON_H:
        raise TraceError(
            f"{columns.path}, line {line}: its sun stands highest {abs(late):.1f} h "
            f"{'after' if late > 0 else 'before'} noon at {float(longitude):g}° E: "
            "expected the time zone and the longitude of its rows"
        )
    return columns
