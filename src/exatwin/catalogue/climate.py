"""Statistics of a place's weather or a country's power market: rhythm, spread, persistence, correlation."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from exatwin.catalogue.load import entry, looks_like_path, names
from exatwin.foundation.spec import Quantity, Sourced, Spec

MonthHour = Annotated[
    list[Annotated[list[float], Field(min_length=24, max_length=24)]], Field(min_length=12, max_length=12)
]
Matrices = list[list[list[float]]]
CHANGES = {
    f"-{kind}": f"juelich-{kind}"
    for kind in ("2045-hot-summer", "2045-cold-winter", "2045", "hot-summer", "cold-winter")
}
"""By ending of a name, which statistics hold the other climate; the longer endings come first."""
_NOW = "region-5"  # whose present climate those are compared with
_CHANGING = ("air", "dew")


class Variable(Spec):
    """How one quantity behaves over the months and hours, in standard scores.

    The value at an instant is ``levels(mean + spread * shape(n))`` where n is a standard normal anomaly; both
    curves are piecewise linear over the `scores` of the file, and an empty curve is the identity.
    """

    unit: str
    """Unit of the values."""
    levels: list[float] = []
    """Value at each of the scores: the quantile function of the year; empty where scores are values."""
    shape: list[float] = []
    """Standardised anomaly at each of the scores: how its distribution departs from the normal one."""
    mean: MonthHour
    """Mean score by month and hour of the clock."""
    spread: MonthHour
    """Standard deviation of the score by month and hour of the clock."""
    week: list[list[float]] = []
    """Shift of the score on workdays, Saturdays and Sundays by hour; empty where the week has no rhythm."""
    stand_in: str = ""
    """Whose statistics these are where the place has none of its own; empty where they are its own."""


class Climate(Sourced):
    """The statistics that a synthetic year is generated from."""

    name: str
    """Catalogue name, such as ``juelich``."""
    title: str
    """Name for people."""
    latitude_deg: Annotated[float, Quantity("deg", minimum=-90.0, maximum=90.0)] | None = None
    """Where the sun is seen from."""
    longitude_deg: Annotated[float, Quantity("deg", minimum=-180.0, maximum=180.0)] | None = None
    """Where the sun is seen from, east positive."""
    clock: Literal["UTC", "Europe/Berlin"]
    """The clock of the tables by hour."""
    scores: list[float]
    """Standard scores at which curves are given, increasing."""
    order: list[str]
    """Variables in the order of the matrices; the first two drive the others."""
    persistence_h: list[float]
    """Decay time of each component of the anomalies [h]."""
    period_h: list[float]
    """Period of each component [h], 0 for one that only decays."""
    smooth: list[Literal[0, 1]]
    """1 for a component whose course has no kinks."""
    cold: Matrices
    """Covariance of the anomalies by component in midwinter, shape (components, variables, variables)."""
    warm: Matrices
    """The same in midsummer."""
    variables: dict[str, Variable]
    """What is generated, by name."""
    moisture: list[list[float]] = []
    """Relative humidity (second row) for drawn vapour pressure over saturation (first row)."""
    change: str = ""
    """Which change of climate was put on the place's own statistics; empty for none."""
    measured: dict[str, dict[str, float]] = {}
    """What the source itself shows over its year, by quantity: what a synthetic year is held against."""
    wind_link: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Correlation of the country's wind with the wind at the place of the weather."""
    sun_link: Annotated[float, Field(ge=0, le=1)] = 1.0
    """The same for the sun."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """Refuse tables whose sizes don't belong together."""
        shape = (len(self.persistence_h), len(self.order))
        for season in (self.cold, self.warm):
            rows = {len(row) for matrix in season for row in matrix} | {len(matrix) for matrix in season}
            if len(season) != shape[0] or rows != {shape[1]}:
                raise ValueError(f"the matrices must have the shape {(*shape, shape[1])}")
        for season in (self.cold, self.warm):
            lowest = float(np.linalg.eigvalsh(np.array(season, np.float64)).min())
            if lowest <= 0 or not np.allclose(season, np.swapaxes(season, 1, 2)):
                raise ValueError("the matrices must be symmetric and positive definite")
        if {len(self.period_h), len(self.smooth)} != {shape[0]}:
            raise ValueError("'period_h', 'smooth' and 'persistence_h' must be equally long")
        if self.moisture and (len(self.moisture) != 2 or len({len(row) for row in self.moisture}) != 1):
            raise ValueError("'moisture' must be two rows of equal length")
        for name, variable in self.variables.items():
            if name not in self.order:
                raise ValueError(f"'order' lacks the variable '{name}'")
            if any(curve and len(curve) != len(self.scores) for curve in (variable.levels, variable.shape)):
                raise ValueError(f"the curves of '{name}' must have one value a score")
        return self

    def stand_ins(self) -> list[str]:
        """Return what is not the place's own, one sentence each.

        Examples
        --------
        >>> load_climate("juelich").stand_ins()
        []
        """
        lent = [f"{name} of {item.stand_in}" for name, item in self.variables.items() if item.stand_in]
        return [*lent, self.change] if self.change else lent


def load_climate(name: str) -> Climate:
    """Return the statistics of the weather called `name`, or of the user's file at that path.

    Any place takes an ending of :data:`CHANGES`: where it has no statistics of that climate itself, its own
    are shifted by the change that the weather service projects for the Lower Rhine, and say so.

    Raises
    ------
    CatalogueError
        There is none of that name, or its file is malformed.

    Examples
    --------
    >>> load_climate("juelich").clock
    'UTC'
    >>> load_climate("oslo-2045").stand_ins()[-1]
    'air and dew point shifted month by month as juelich-2045 differs from region-5'
    """
    known = names("weather")
    ending = next((each for each in CHANGES if name.endswith(each)), "")
    if ending and name not in known and not looks_like_path(name) and name.removesuffix(ending) in known:
        return _changed(load_climate(name.removesuffix(ending)), name, CHANGES[ending])
    found: Climate = entry(Climate, "weather", name)
    return found


def _changed(place: Climate, name: str, other: str) -> Climate:
    """Return the statistics of `place`, air and dew point moved as `other` differs from today's climate.

    Notes
    -----
    The shift of each month's mean, and the ratio of its spreads, averaged over the hours of the day.

    References
    ----------
    S. E. Belcher, J. N. Hacker, D. S. Powell, Building Serv. Eng. Res. Technol. 26 (2005) 49 ("morphing").
    """
    then, now = load_climate(other), load_climate(_NOW)
    variables = dict(place.variables)
    for key in _CHANGING:
        a, b = then.variables[key], now.variables[key]
        shift = (np.array(a.mean) - np.array(b.mean)).mean(axis=1, keepdims=True)
        ratio = np.array(a.spread).mean(axis=1, keepdims=True) / np.array(b.spread).mean(
            axis=1, keepdims=True
        )
        moved = {"mean": np.array(place.variables[key].mean) + shift}
        moved["spread"] = np.array(place.variables[key].spread) * ratio
        variables[key] = variables[key].model_copy(
            update={field: table.tolist() for field, table in moved.items()}
        )
    change = f"air and dew point shifted month by month as {other} differs from {_NOW}"
    title = f"{place.title}, in the climate of {other}"
    return place.model_copy(
        update={"name": name, "title": title, "variables": variables, "change": change, "measured": {}}
    )


def load_grid(name: str) -> Climate:
    """Return the statistics of the power market called `name`, or of the user's file at that path.

    Raises
    ------
    CatalogueError
        There is none of that name, or its file is malformed.

    Examples
    --------
    >>> sorted(load_grid("de").variables)
    ['carbon', 'price']
    """
    found: Climate = entry(Climate, "grids", name)
    return found
