"""What was measured of climate models on devices: how rows are read, the fitted constants, their errors."""

from __future__ import annotations

from functools import cache
from typing import Literal

from exatwin.catalogue.load import entry
from exatwin.foundation.spec import Bytes, BytesPerSecond, PositiveCount, Ratio, Seconds, Sourced, Spec

Kind = Literal["accelerator", "processor"]
Unit = Literal["device", "node", "core"]


class SeriesRules(Spec):
    """Rows of one code on one kind of device, and how the table says what they are."""

    name: str
    """Name of the series."""
    model: str
    """Catalogue name of the model."""
    rows: str
    """What the model's name in the table begins with."""
    machine: str = ""
    """What the machine's name in the table holds."""
    group: str = ""
    """Kind of the rows in the table, where names don't tell series apart."""
    device: str
    """The device, for people."""
    kind: Kind
    """Whether it is an accelerator or a processor."""
    chips: list[str] = []
    """Catalogue names of the accelerators or processors that it stands for."""
    unit: Unit
    """What is counted: a device of a package, a node, or a core."""
    unit_b_s: BytesPerSecond
    """Memory bandwidth of one of them."""
    from_nodes: bool = False
    """Whether the table's nodes are counted rather than its accelerators."""
    units_each: Ratio
    """Units in what the table counts."""
    terms: list[str]
    """Parts of the law that its rows can tell."""
    clock: str = ""
    """Note of a row that holds the seconds of a step; blank for the throughput."""
    like: str = ""
    """Series whose shape it borrows, where a single point sets its rate."""
    components: list[str]
    """What the runs held."""


class ClimateReading(Sourced):
    """How the table of measurements is read."""

    name: str
    """Catalogue name."""
    title: str
    """Name for people."""
    series: list[SeriesRules]
    """The series."""


class SeriesFit(Spec):
    """Constants of one series, and the range in which they were measured."""

    name: str
    """Name of the series."""
    constants: dict[str, Ratio]
    """Seconds of a step by part: of one launch, ring, column, cell, transformed wave, doubling of units."""
    points: PositiveCount
    """Measured points."""
    finest_km: Ratio
    """Finest grid [km]."""
    finest: str
    """Its name."""
    most_units: PositiveCount
    """Most units."""
    most: str
    """The largest run, for people."""
    fewest_columns: Ratio
    """Fewest columns on a unit."""
    most_cells: Ratio
    """Most cells on a unit."""


class Band(Spec):
    """How far measurements lie from predictions of one kind."""

    rows: PositiveCount
    """Measurements."""
    low: Ratio
    """Low end of measured over predicted throughput."""
    high: Ratio
    """High end of it."""


class OutputLaw(Spec):
    """Volume of a model's usual output, measured: so much a day and so much for each column."""

    model: str
    """Catalogue name of the model."""

    fixed_b: Bytes
    """Bytes of a simulated day whatever the grid."""
    column_b: Bytes
    """Bytes of a simulated day for each column."""


class ClimateCalibration(Sourced):
    """All fitted constants and their errors."""

    name: str
    """Catalogue name."""
    title: str
    """Name for people."""
    series: list[SeriesFit]
    """Constants by series."""
    output: list[OutputLaw] = []
    """Usual output of models."""
    bands: dict[str, Band]
    """Errors: ``larger`` of the largest size by a fit to smaller ones, ``further`` by one that had not seen
    the second largest either, ``device`` of other devices by bandwidth,
    ``output`` of volumes."""


class Assumed(Spec):
    """A quantity that differs from site to site: middle and ends."""

    middle: Ratio
    """What is taken."""
    low: Ratio
    """Low end of the range."""
    high: Ratio
    """High end of the range."""


class ClimateTerms(Sourced):
    """What no datasheet gives of a climate run."""

    name: str
    """Catalogue name."""
    title: str
    """Name for people."""
    coupling: Assumed
    """Share of the time that coupling costs."""
    queue: Assumed
    """Share of the time that a chain of jobs waits in the queue."""
    maintenance: Ratio
    """Share of the calendar in which a machine takes no jobs."""
    share: Ratio
    """Share of a machine's nodes that one campaign may have at once."""
    launch_s: Seconds
    """From the start of a job to its first step, files left out."""
    usable_memory: Ratio
    """Share of the memory of a device that a model may fill."""
    one_point: Ratio
    """How many times as fast or slow a series of one point may be."""
    other_kind: Ratio
    """How many times as fast or slow a chip may be that was never measured with the model."""
    same_family: Ratio
    """How wide the band of another chip of the same family is beside that of any other chip."""
    exact: Ratio
    """How many times wider the band is of a series with no more points than constants."""
    power: Assumed
    """Power of a node over what is estimated."""


@cache
def climate_reading() -> ClimateReading:
    """Return how the table of measurements is read."""
    found: ClimateReading = entry(ClimateReading, "calibration", "climate-series")
    return found


@cache
def climate_calibration() -> ClimateCalibration:
    """Return the fitted constants that ship."""
    found: ClimateCalibration = entry(ClimateCalibration, "calibration", "climate")
    return found


@cache
def climate_terms() -> ClimateTerms:
    """Return what was assumed."""
    found: ClimateTerms = entry(ClimateTerms, "apps", "climate")
    return found


__all__ = [
    "Assumed", "Band", "ClimateCalibration", "ClimateReading", "ClimateTerms", "OutputLaw",
    "SeriesFit", "SeriesRules",
    "climate_calibration", "climate_reading", "climate_terms",
]  # fmt: skip
