"""The tables of measurements: those of the package, or those of a folder in their place."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from exatwin.catalogue import lists
from exatwin.catalogue.lists import ListedMachine
from exatwin.catalogue.llm_calibration import llm_calibration
from exatwin.catalogue.load import data_folder
from exatwin.foundation.errors import ExatwinError, SpecError
from exatwin.study.validation.climate_rows import Line, Point, Volume, read_lines, read_points, read_volumes
from exatwin.study.validation.llm_rows import Case, FitCase, read_cases, read_fits
from exatwin.study.validation.llm_score import predict_s, table
from exatwin.study.validation.serving_rows import ServedCase, read_served
from exatwin.study.validation.usable import UNUSABLE, one_line

MACHINES, TRAINING, CLIMATE = "machines.csv", "llm_measurements.csv", "climate_measurements.csv"
TELEMETRY = "facility/telemetry"
"""Telemetry of a hall; the package ships none."""
STARTS = "traces/pwa"
"""Logs with recorded starts; the package ships none."""
SLURM = "traces/slurm_real_fifo"
"""A recorded run of Slurm; the package ships none."""
RUN = ("sacct_fifo.txt", "wl.csv", "sacct_fifo.json.gz", "sdiag_fifo.txt")
LOGS = ("KTH-SP2-1996-2.1.swf.gz", "UniLu-Gaia-2014-1.swf.gz")
SERVICES, ENERGY = "inference rows of llm_measurements.csv", "energy rows of llm_measurements.csv"
"""Measured services; the package ships none of those that state energy."""


class Measured:
    """Where the measurements of a validation come from, each table read when first asked for.

    Parameters
    ----------
    folder
        A folder whose tables take the place of those that ship; None for the latter.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder

    def has(self, name: str) -> bool:
        """Return whether there is the table `name`; for telemetry, any file of it; for logs, all of them."""
        if name == STARTS:
            return self.folder is not None and all((self.folder / name / log).is_file() for log in LOGS)
        if name == SLURM:
            return self.folder is not None and all((self.folder / name / each).is_file() for each in RUN)
        if name == TELEMETRY:
            return self.folder is not None and any((self.folder / name).glob("zih_lzr_*.csv.gz"))
        if name in (SERVICES, ENERGY):
            return name == SERVICES if self.folder is None else _serves(self.folder / TRAINING)
        return self.folder is None or (self.folder / name).is_file()

    def _path(self, name: str) -> Path:
        assert self.folder is not None
        if not self.has(name):
            raise SpecError(f"{self.folder}: there is no {name} in this folder")
        return self.folder / name

    @cached_property
    def listed(self) -> tuple[ListedMachine, ...]:
        """Machines of the lists.

        Raises
        ------
        SpecError
            The folder has no such table, or it lacks columns.
        """
        if self.folder is None:
            return lists.rows()
        path = self._path(MACHINES)
        with _readable(path):
            return lists.read_rows(path)

    @cached_property
    def training_path(self) -> Path:
        """The table of training runs, trials of memory and measured powers.

        Raises
        ------
        SpecError
            The folder has no such table.
        """
        if self.folder is None:
            return data_folder() / "calibration" / "llm-runs.csv"
        return self._path(TRAINING)

    @cached_property
    def training(self) -> dict[str, dict[str, str]]:
        """Lines of that table as they stand, by id.

        Raises
        ------
        SpecError
            The folder has no such table, or it is no table of measurements.
        """
        with _readable(self.training_path), self.training_path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = sorted(_columns() - set(reader.fieldnames or []))
            if missing:
                told = ", ".join(missing[:5]) + (", …" if len(missing) > 5 else "")
                raise SpecError(f"{self.training_path}: lacks {len(missing)} columns: {told}")
            return {line["id"]: line for line in reader}

    @cached_property
    def cases(self) -> tuple[list[Case], dict[str, str]]:
        """Training runs of that table that can be scored, and why the others are not, by id.

        Raises
        ------
        SpecError
            The folder has no such table, or it is no table of measurements.
        """
        with _readable(self.training_path):
            return read_cases(self.training_path) if self.training else ([], {})

    @cached_property
    def predicted(self) -> tuple[dict[str, tuple[Case, float]], dict[str, str]]:
        """The runs that the law can predict with the seconds of a step, and why others are not scored, by id.

        Raises
        ------
        SpecError
            The folder has no such table, or it is no table of measurements.
        """
        cases, reasons = self.cases
        reasons = reasons | {case.id: "no time of a step" for case in cases if not case.step_s > 0.0}
        cases = [case for case in cases if case.step_s > 0.0]
        try:
            said = _steps_s(cases)
        except UNUSABLE:  # one of them asks for what its chip does not have: find out which
            usable = []
            for case in cases:
                try:
                    _steps_s([case])
                except UNUSABLE as why:
                    reasons[case.id] = one_line(why)
                else:
                    usable.append(case)
            cases, said = usable, _steps_s(usable)
        return {case.id: (case, step_s) for case, step_s in zip(cases, said, strict=True)}, reasons

    @cached_property
    def services(self) -> dict[str, dict[str, str]]:
        """Lines of measured services as they stand, by id.

        Raises
        ------
        SpecError
            The folder has no such table, or it is no table of measurements.
        """
        shipped = data_folder() / "calibration" / "serving-runs.csv"
        path = shipped if self.folder is None else self._path(TRAINING)
        with _readable(path), path.open(encoding="utf-8-sig", newline="") as file:
            return {line["id"]: line for line in csv.DictReader(file) if line["category"] == "inference"}

    @cached_property
    def served(self) -> tuple[list[ServedCase], dict[str, str]]:
        """Measured services that can be scored, and why the others are not, by id."""
        return read_served(self.services.values())

    @cached_property
    def trials(self) -> tuple[list[FitCase], dict[str, str]]:
        """Runs and trials of that table that fitted in memory or did not, and why others are not scored.

        Raises
        ------
        SpecError
            The folder has no such table, or it is no table of measurements.
        """
        with _readable(self.training_path):
            return read_fits(self.training_path) if self.training else ([], {})

    @cached_property
    def climate_lines(self) -> dict[str, Line]:
        """Lines of the table of climate models as they stand, by id.

        Raises
        ------
        SpecError
            The folder has no such table, or it is no table of measurements.
        """
        shipped = data_folder() / "calibration" / "climate-runs.csv"
        path = shipped if self.folder is None else self._path(CLIMATE)
        with _readable(path):
            with path.open(encoding="utf-8-sig", newline="") as file:
                _complete(path, shipped, set(next(csv.reader(file), ())))
            return read_lines(path)

    @cached_property
    def climate(self) -> tuple[list[Point], dict[str, str]]:
        """Runs of that table that belong to a series, and why the others do not, by id.

        Raises
        ------
        SpecError
            The folder has no such table, or it is no table of measurements.
        """
        return read_points(self.climate_lines)

    @cached_property
    def volumes(self) -> tuple[Volume, ...]:
        """Output of the runs of that table that tell it.

        Raises
        ------
        SpecError
            The folder has no such table, or it is no table of measurements.
        """
        with _readable(Path(CLIMATE)):
            return tuple(read_volumes(self.climate_lines))


def _complete(path: Path, shipped: Path, found: set[str]) -> None:
    """Check that the table at `path` has the columns of the one that ships, but for ids."""
    with shipped.open(encoding="utf-8", newline="") as file:
        missing = sorted(set(next(csv.reader(file))) - {"id"} - found)
    if missing:
        raise SpecError(f"{path}: lacks {len(missing)} columns: {', '.join(missing[:5])}")


def _serves(path: Path) -> bool:
    """Return whether the table of measurements at `path` has columns of serving."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return b"isl" in file.readline().split(b",")


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what a malformed table at `path` causes into an error that names it."""
    try:
        yield
    except ExatwinError:
        raise
    except (ValueError, OSError, csv.Error) as error:
        raise SpecError(f"{path}: can't be read: {error}") from None


def _steps_s(cases: list[Case]) -> list[float]:
    """Return the predicted seconds of a step of each run."""
    found = llm_calibration()
    return [float(step_s) for step_s in predict_s(table(cases, found), found)] if cases else []


def _columns() -> set[str]:
    """Return the columns that a table of training runs must have."""
    with (data_folder() / "calibration" / "llm-runs.csv").open(encoding="utf-8", newline="") as file:
        return set(next(csv.reader(file)))


def nodes_of(line: dict[str, str]) -> float:
    """Return the number of nodes of a run; of eight accelerators where the table does not say."""
    each = line["acc_per_node"]
    return float(line["n_acc"]) / (int(each) if each.isdigit() and int(each) else 8)


__all__ = [
    "CLIMATE", "ENERGY", "MACHINES", "SERVICES", "SLURM", "STARTS", "TELEMETRY", "TRAINING", "Measured",
    "nodes_of",
]  # fmt: skip
