"""Scenario: everything that can change the answer, and nothing else."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from exatwin.catalogue.leakage import Choice
from exatwin.catalogue.supply import Supply
from exatwin.foundation.errors import SpecError
from exatwin.foundation.explain import explain
from exatwin.foundation.spec import Quantity, Spec, read_toml
from exatwin.study import keys
from exatwin.study.centre.jobs_asked import Trace, Workload
from exatwin.study.centre.power import PowerSettings
from exatwin.study.centre.reliable import Reliability
from exatwin.study.centre.scheduling import Scheduling
from exatwin.study.customers import HeatReuseChange
from exatwin.study.texts import listed

_LOGS = (".swf", ".gz", ".parquet", ".txt", ".csv")
Step = Annotated[float, Quantity("s", minimum=1.0, maximum=86400.0)]
WaterTemperature = Annotated[float, Quantity("K", minimum=274.15, maximum=363.15)]


def _moment(value: Any) -> datetime:
    """Return the instant that a date, a time, or their text in ISO 8601 stands for; without a zone in UTC."""
    found = value
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value.strip())
        except ValueError:
            raise ValueError("must be a date or a time in ISO 8601, such as 2026-06-01") from None
    elif isinstance(value, date) and not isinstance(value, datetime):
        found = datetime(value.year, value.month, value.day)
    if not isinstance(found, datetime):
        raise ValueError("must be a date or a time in ISO 8601, such as 2026-06-01")
    try:
        moment = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError:
        raise ValueError("must lie in 1970 … 2199") from None
    if not 1970 <= moment.year < 2200:
        raise ValueError("must lie in 1970 … 2199")
    return moment


def _a_minute(days: float) -> float:
    if days * 86400 < 60:
        raise ValueError("must be at least a minute, 0.0007 days")
    return days


Instant = Annotated[datetime, BeforeValidator(_moment)]
Days = Annotated[float, Field(strict=True, gt=0, le=7320, allow_inf_nan=False), AfterValidator(_a_minute)]


class CoolingChange(Spec):
    """What is changed of the site's cooling plant."""

    supply_k: WaterTemperature | None = None
    """Set point of the water that goes to the racks; blank for the plant's own."""
    leakage: Choice = "central"
    """How the chips' leakage follows the water: low, central, high or none; nobody publishes it."""


class MarketChange(Spec):
    """What is changed of the site's prices."""

    tariff: str | None = None
    """Catalogue name of the tariff, or a file; blank for the site's own."""
    prices: str | None = None
    """A file of prices and carbon intensity (SMARD, CSV), or the catalogue name of a grid."""


def _failure(text: str) -> str:
    from exatwin.study.centre.failures import failure

    failure(text)
    return text


Failures = Annotated[tuple[Annotated[str, AfterValidator(_failure)], ...], BeforeValidator(listed)]


def _reservation(text: str) -> str:
    from exatwin.study.centre.reservations import reservation

    reservation(text)
    return text


Reservations = Annotated[tuple[Annotated[str, AfterValidator(_reservation)], ...], BeforeValidator(listed)]


class Scenario(Spec):
    """One question to the twin; two equal scenarios have equal answers.

    Examples
    --------
    >>> week = Scenario()
    >>> week.machine, week.days
    ('jupiter', 7.0)
    >>> week.replace("schedule.policy", "sjf").schedule.policy
    'sjf'
    """

    machine: str | None = "jupiter"
    """Catalogue name, exact list name, ``top500:<id>`` or a file; blank to replay on bare processors."""
    start: Instant = datetime(2026, 6, 1, tzinfo=UTC)
    """When the window opens, UTC. (A trace brings its own.)"""
    days: Days = 7.0
    """Length of the window. (A trace brings its own.)"""
    seed: Annotated[int, Field(strict=True, ge=0, lt=2**63)] = 0
    """Seed of every draw."""
    workload: Workload = Workload()
    """Jobs drawn from a mix."""
    trace: Trace | None = None
    """Jobs read from a log, instead."""
    schedule: Scheduling = Scheduling()
    """Who starts next, and where."""
    site: str | None = None
    """Catalogue name or file of the site; blank for the machine's own."""
    weather: str | None = None
    """Catalogue name of weather statistics, or a file (EPW, TMY, TRY, CSV); blank for the site's own."""
    cooling: CoolingChange = CoolingChange()
    """What is changed of the cooling plant."""
    failures: Failures = ()
    """What fails, such as ``cdu:07@6h/4h``: component, which, when after the window opens, for how long."""
    reliability: Reliability = Reliability()
    """What fails by chance, how long it is away, and what of a job outlives it."""
    power: PowerSettings = PowerSettings()
    """Most IT power, and how jobs are kept below it."""
    reservations: Reservations = ()
    """Nodes not for everybody, such as ``maintenance:all@2d/8h`` or ``nodes 0-63@1d/12h:account7``."""
    heat_reuse: HeatReuseChange = HeatReuseChange()
    """What is changed of the customers of the plant's heat."""
    market: MarketChange = MarketChange()
    """What is changed of prices."""
    supply: Supply = Supply()
    """What stands between the site and the grid, over what the site has."""
    step_s: Step = 900.0
    """Step of the building's physics."""
    facility: bool = True
    """Whether the building and the account are computed."""

    @classmethod
    def load(cls, path: Path) -> Self:
        """Return the scenario in the TOML file at `path`.

        Raises
        ------
        SpecError
            All problems of the file.
        """
        if path.suffix.lower() in _LOGS:
            raise SpecError(
                f"{path}: expected a scenario in TOML (a log is replayed with 'exatwin replay {path}')"
            )
        document = read_toml(path)
        if {"node", "nodes"} <= set(document):
            raise SpecError(f"{path}: describes a machine, expected a scenario (try --machine {path})")
        return cls.parse(document, str(path))

    def replace(self, path: str, value: Any, where: str = "") -> Self:
        """Return the scenario with the value at the dotted `path` changed.

        Parameters
        ----------
        path
            A key, such as ``"schedule.policy"``.
        value
            Its new value: a number, or text with a unit.
        where
            How the change was written, for messages; by default ``path=value``.

        Raises
        ------
        SpecError
            There is no such key (the nearest is named), or the value does not fit.
        """
        document = self.document()
        keys.put(document, path, value, type(self))
        try:
            return self.model_validate(document)
        except ValidationError as error:
            raise SpecError(f"{where or f'{path}={value}'}: {explain(error, type(self), path)}") from None

    def document(self) -> dict[str, Any]:
        """Return the scenario as plain data, quantities as text; :meth:`parse` takes it back."""
        return self.model_dump(mode="json", by_alias=True)

    def digest(self) -> str:
        """Return the key of this scenario: equal for equal scenarios, 64 hexadecimal digits."""
        text = json.dumps(self.document(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def end_s(self) -> int:
        """End of the window [s]."""
        return round(self.days * 86400)

    @property
    def end(self) -> datetime:
        """When the window closes, UTC."""
        return self.start + timedelta(seconds=self.end_s)


def read_value(path: str, text: str) -> Any:
    """Return what `text`, written by a person, stands for at the key `path` of a scenario.

    Examples
    --------
    >>> read_value("days", "3"), read_value("facility", "false"), read_value("cooling.supply", "40 degC")
    (3, False, '40 degC')
    >>> read_value("market.tariff", "") is None
    True
    """
    return keys.value_of(Scenario, path, text)


def all_keys() -> list[str]:
    """Return every key that ``--set`` takes.

    Examples
    --------
    >>> "schedule.policy" in all_keys()
    True
    """
    return keys.all_keys(Scenario)


__all__ = ["Scenario", "Scheduling", "Trace", "Workload", "all_keys", "read_value"]
