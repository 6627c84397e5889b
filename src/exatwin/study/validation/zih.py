"""The telemetry of the ZIH hall of TU Dresden: what is given to the model, and what its meters said."""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from exatwin.catalogue.load import entry
from exatwin.catalogue.plant import Cooling
from exatwin.facility.hall import HallInputs
from exatwin.foundation.arrays import Float64, Int64
from exatwin.foundation.errors import SpecError

FILES = "facility/telemetry/zih_lzr_*.csv.gz"
"""Where the telemetry lies in a folder of measurements."""
INPUTS = (
    "it_alpha_kw", "it_barnard_kw", "it_capella_kw", "it_dlr_kw", "t_ambient_c", "t_heatpump_dh_c",
    "heat_own_building_kw", "heat_neighbour_kro_kw", "heat_dlr_kw", "heat_heatpump_dh_kw",
)  # fmt: skip
"""Columns that are given: IT power of the loops, air, sink of the heat pumps, heat that customers got.
The set point of the water is that of the catalogue."""
_IT, _DIRECT = INPUTS[:4], INPUTS[6:9]
LOOPS = ("pump_kkr01_kw", "pump_kkr02_kw", "pump_kkr03_kw", "pump_kkr04_kw", "pump_h01_hkr_kw")
"""Pumps of the racks' loops and of the hall's own heating."""
PUMPS = (*LOOPS, "pump_h01_wue_kw", "pump_k02_kw")
"""All pumps: these, the one of the extraction station, and the ones to the dry coolers."""
OUTPUTS = (*PUMPS, "fan_drycooler_kw", "heatpump_el_kw", "heat_extracted_total_kw")
"""Columns that are predicted."""
HOUR_S = 3600.0


@dataclass(frozen=True, eq=False)
class Meters:
    """What the meters of the hall said, each of shape (steps,)."""

    loop_pump_w: Float64
    """Pumps of the racks' loops and of the hall's own heating [W]."""
    recooling_pump_w: Float64
    """Pumps to the dry coolers [W]."""
    station_pump_w: Float64
    """Pump of the extraction station [W]."""
    fan_w: Float64
    """Fans of the dry coolers [W]."""
    heat_pump_w: Float64
    """Electricity of the heat pumps [W]."""
    extracted_w: Float64
    """Heat extracted from the loops [W]."""

    @property
    def auxiliaries_w(self) -> Float64:
        """All pumps and fans [W]."""
        return self.loop_pump_w + self.recooling_pump_w + self.station_pump_w + self.fan_w


@dataclass(frozen=True, eq=False)
class Telemetry:
    """One file of the hall, its rows in the order of time."""

    inputs: HallInputs
    """What is given."""
    meters: Meters
    """What was measured."""
    day: Int64
    """Days since 1970 of each row, UTC."""

    def __len__(self) -> int:
        return len(self.day)

    def take(self, rows: Float64 | Int64) -> Telemetry:
        """Return the rows of a mask or of an index."""
        given = self.inputs
        picked = {k: v[rows] for k, v in vars(given).items() if isinstance(v, np.ndarray)}
        inputs = HallInputs(**picked, step_s=given.step_s, supply_k=given.supply_k)
        return Telemetry(inputs, Meters(**{k: v[rows] for k, v in vars(self.meters).items()}), self.day[rows])


def hall_cooling() -> Cooling:
    """Return the cooling plant of the hall, with its calibrated parameters."""
    found: Cooling = entry(Cooling, "cooling", "zih")
    return found


def telemetry_files(data: Path) -> list[Path]:
    """Return the files of the hall's telemetry in a folder of measurements, or the file itself.

    Raises
    ------
    SpecError
        There is none.
    """
    found = [data] if data.is_file() else sorted(data.glob(FILES))
    if not found:
        raise SpecError(f"{data}: there is no {FILES} in this folder")
    return found


def read_telemetry(path: Path) -> Telemetry:
    """Return the telemetry in the file at `path`.

    Raises
    ------
    SpecError
        A column is missing, a value is no number, or two rows have one time.
    """
    columns = _columns(path)
    time = _times(columns["time_utc"], path)
    order = np.argsort(time, kind="stable")
    if np.any(np.diff(time[order]) <= 0):
        raise SpecError(f"{path}: two rows have the same time")
    number = {name: _numbers(columns[name], name, path)[order] for name in (*INPUTS, *OUTPUTS)}
    watts = {name: 1e3 * values for name, values in number.items() if name.endswith("_kw")}
    inputs = HallInputs(
        time_s=time[order],
        step_s=HOUR_S,
        it_w=_sum(watts, _IT),
        air_k=number["t_ambient_c"] + 273.15,
        supply_k=hall_cooling().supply_k,
        direct_w=_sum(watts, _DIRECT),
        lifted_w=watts["heat_heatpump_dh_kw"],
        sink_k=number["t_heatpump_dh_c"] + 273.15,
    )
    meters = Meters(
        loop_pump_w=_sum(watts, LOOPS),
        recooling_pump_w=watts["pump_k02_kw"],
        station_pump_w=watts["pump_h01_wue_kw"],
        fan_w=watts["fan_drycooler_kw"],
        heat_pump_w=watts["heatpump_el_kw"],
        extracted_w=watts["heat_extracted_total_kw"],
    )
    return Telemetry(inputs, meters, (time[order] // 86400.0).astype(np.int64))


def _columns(path: Path) -> dict[str, list[str]]:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SpecError(f"{path}: can't be read as CSV: {error}") from None
    wanted = ("time_utc", *INPUTS, *OUTPUTS)
    missing = [name for name in wanted if not rows or rows[0].get(name) is None]
    if missing:
        raise SpecError(f"{path}: expected the columns {', '.join(missing)}")
    return {name: [row[name] or "" for row in rows] for name in wanted}


def _times(texts: list[str], path: Path) -> Float64:
    try:
        stamps = [datetime.fromisoformat(text.replace("Z", "+00:00")) for text in texts]
    except ValueError as error:
        raise SpecError(f"{path}: time_utc: {error}") from None
    return np.array([(s if s.tzinfo else s.replace(tzinfo=UTC)).timestamp() for s in stamps])


def _numbers(texts: list[str], name: str, path: Path) -> Float64:
    try:
        values = np.array([float(text) for text in texts])
    except ValueError as error:
        raise SpecError(f"{path}: column {name}: {error}, expected a number in every row") from None
    if not np.all(np.isfinite(values)):
        raise SpecError(f"{path}: column {name} has a gap: expected a finite number in every row")
    return values


def _sum(watts: dict[str, Float64], names: tuple[str, ...]) -> Float64:
    return np.asarray(np.sum([watts[name] for name in names], axis=0), np.float64)
