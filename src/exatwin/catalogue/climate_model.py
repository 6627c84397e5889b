"""Climate and weather models as data: grids, time steps, components, memory, output."""

from __future__ import annotations

from enum import StrEnum
from functools import cache

from exatwin.catalogue.load import entry, looks_like_path, names
from exatwin.foundation.errors import CatalogueError, nearest
from exatwin.foundation.spec import (
    Bytes,
    BytesPerSecond,
    PositiveCount,
    Ratio,
    Seconds,
    Sourced,
    Spec,
)

FOLDER = "climate-models"


class GridKind(StrEnum):
    """How a model covers the globe, which gives the columns of a grid from its name."""

    ICOSAHEDRAL = "icosahedral"
    CUBED_SPHERE = "cubed-sphere"
    CUBED_SPHERE_PHYSICS = "cubed-sphere-physics"
    OCTAHEDRAL = "octahedral"
    GAUSSIAN = "gaussian"
    REDUCED_GAUSSIAN = "reduced-gaussian"
    TRIPOLAR = "tripolar"
    LAT_LON = "lat-lon"


class ClimateGrid(Spec):
    """One grid of a model."""

    name: str
    """As its users write it, such as ``R2B11``."""
    words: list[str] = []
    """Other names."""
    spacing_km: Ratio
    """Nominal spacing [km]."""
    columns: PositiveCount
    """Columns of the grid."""
    step_s: Seconds | None = None
    """Time step that its users take; blank for the model's rule."""


class OutputStream(Spec):
    """Fields that are written again and again."""

    fields: PositiveCount
    """How many fields."""
    levels: PositiveCount | None = None
    """Levels of each; blank for all of the model."""
    period_s: Seconds
    """Simulated time between two writes."""


class AiRun(Spec):
    """What was measured of an AI model."""

    device: str
    """What it ran on."""
    chips: list[str] = []
    """Catalogue names of that accelerator; blank where it is not in the catalogue."""
    memory_b_s: BytesPerSecond | None = None
    """Bandwidth of the device's memory."""
    count: PositiveCount = 1
    """Devices of the run."""
    sdpd: Ratio | None = None
    """Simulated days each day, inference."""
    time_s: Seconds | None = None
    """Time of the run, training."""


class ClimateModel(Sourced):
    """A model of climate or weather."""

    name: str
    """Catalogue name."""
    title: str
    """Name for people."""
    words: list[str] = []
    """Other names."""
    kind: str = "dynamics"
    """``dynamics`` for a model that steps equations, ``ai`` for one that was trained."""
    grid: GridKind
    """How it covers the globe."""
    spectral: bool = False
    """Whether it transforms to spherical harmonics in each step."""
    parallel: bool = True
    """Whether one run can use more than one device."""
    components: list[str]
    """What it can hold."""
    default: list[str] = []
    """What a run holds where nobody says; blank for all components."""
    grids: list[ClimateGrid]
    """Grids that its users name."""
    levels: PositiveCount
    """Levels where nobody says."""
    step_exponent: Ratio
    """How the time step follows the spacing beyond the named grids."""
    cell_b: Bytes
    """Memory of one cell on the device."""
    restart_b: Bytes
    """Bytes of one cell in a restart file."""
    value_b: Bytes
    """Bytes of a value in the output."""
    output: list[OutputStream] = []
    """What is written where nobody says."""
    inference: list[AiRun] = []
    """Of AI models: measured forecasts."""
    training: list[AiRun] = []
    """Of AI models: measured training."""
    notes: list[str] = []
    """What a careful reader should know."""


@cache
def load_climate_model(name: str) -> ClimateModel:
    """Return the model called `name`, or described by the file at the path `name`.

    Raises
    ------
    CatalogueError
        There is no such model, or its file is malformed.

    Examples
    --------
    >>> load_climate_model("ICON").title
    'ICON'
    """
    known = names(FOLDER)
    if name in known or looks_like_path(name):
        found: ClimateModel = entry(ClimateModel, FOLDER, name)
        return found
    wanted = name.strip().lower()
    every: list[ClimateModel] = [entry(ClimateModel, FOLDER, each) for each in known]
    for model in every:
        if wanted in (model.name, model.title.lower(), *(word.lower() for word in model.words)):
            return model
    raise CatalogueError(
        f"unknown climate model '{name}': {nearest(name, known)}, or give two measured points "
        "with --measured or --calibrate"
    )


__all__ = [
    "FOLDER", "AiRun", "ClimateGrid", "ClimateModel", "GridKind", "OutputStream",
    "load_climate_model",
]  # fmt: skip
