"""The tables of measurements: those of the package, or those of a folder in their place."""

from __future__ import annotations

import csv
from functools import cached_property
from pathlib import Path

from exatwin.catalogue import lists
from exatwin.catalogue.lists import ListedMachine
from exatwin.catalogue.load import data_folder
from exatwin.foundation.errors import SpecError
from exatwin.study.llm_rows import Case, read_cases

MACHINES, TRAINING = "machines.csv", "llm_measurements.csv"


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
        """Return whether there is the table `name`."""
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
        return lists.rows() if self.folder is None else lists.read_rows(self._path(MACHINES))

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
        with self.training_path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            with (data_folder() / "calibration" / "llm-runs.csv").open(encoding="utf-8") as own:
                missing = set(next(csv.reader(own))) - set(reader.fieldnames or [])
            if missing:
                raise SpecError(f"{self.training_path}: lacks the columns {', '.join(sorted(missing))}")
            return {line["id"]: line for line in reader}

    @cached_property
    def cases(self) -> tuple[list[Case], dict[str, str]]:
        """Training runs of that table that can be scored, and why the others are not, by id.

        Raises
        ------
        SpecError
            The folder has no such table, or it is no table of measurements.
        """
        return read_cases(self.training_path) if self.training else ([], {})


__all__ = ["MACHINES", "TRAINING", "Measured"]
