"""Scenario: everything that can change the answer, and nothing else."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_origin

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from exatwin.catalogue.distance import Choice as Distance
from exatwin.catalogue.leakage import Choice
from exatwin.catalogue.supply import Supply
from exatwin.foundation.errors import SpecError, nearest
from exatwin.foundation.explain import explain, keys_of, model_at
from exatwin.foundation.spec import Fraction, Quantity, Spec, read_toml
from exatwin.foundation.units import parse
from exatwin.study.customers import HeatReuseChange
from exatwin.study.one_job import OneJob
from exatwin.study.power import PowerSettings
from exatwin.study.reliable import Reliability
from exatwin.study.slurm import SlurmSettings

_LOGS = (".swf", ".gz", ".parquet", ".txt", ".csv")
WarmUp = Annotated[float, Quantity("s", minimum=0.0, maximum=60 * 86400.0)]
Load = Annotated[float, Quantity("1", above=0.0, maximum=5.0)]
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
MOST_PROCESSORS = 2 * 10**7
Processors = Annotated[int, Field(strict=True, ge=1, le=MOST_PROCESSORS)]


class Chains(Spec):
    """Jobs of the longest time limit that stand in chains, each waiting for the end of the one before it."""

    share_frac: Fraction = 0.0
    """Share of them that are links of chains."""
    links: Annotated[float, Field(ge=1.0, le=1000.0)] = 5.0
    """Mean number of links."""


class Workload(Spec):
    """Jobs drawn from a mix, and one of an application."""

    mix: str = "jupiter"
    """Catalogue name of the mix, or the path of a file; ``none`` for no jobs but `job`."""
    job: OneJob = OneJob()
    """One job of an application beside those of the mix."""
    load: Load | None = None
    """Node time offered over node time there is; blank for the mix's own."""
    chains: Chains = Chains()
    """Long work in chains of jobs that go on where the one before stopped."""
    warmup_s: WarmUp = 7 * 86400.0
    """How long the machine has been running when the window opens."""


class Trace(Spec):
    """Jobs read from a log."""

    path: str
    """The log."""
    format: str | None = None
    """``swf``, ``sacct`` or ``parquet``; blank to recognise it."""
    timezone: str = "UTC"
    """Zone of times in the log that name none."""
    as_recorded: bool = False
    """Start jobs when the log says, instead of scheduling them again."""
    compat: Literal["event", "batch"] | None = None
    """Exact semantics of a published study, with its strong filter of jobs."""
    dependencies: Literal["asked", "recorded", "closed"] | None = None
    """What jobs of the log wait for beside nodes: ``asked``, what their users asked for (other jobs, at most
    so many tasks of an array), and until the log has them eligible where that has another reason;
    ``recorded``, until the log has them eligible, whatever the reason; ``closed``, as asked, and a job whose
    user had waited for another (SWF's preceding job) is sent no earlier than the think time after that one's
    end. Blank for ``asked`` where policy and backfill go with it, else nothing."""
    processors: Processors | None = None
    """Size of the machine where none is named."""
    processors_per_node: Annotated[int, Field(strict=True, ge=1, le=10**6)] | None = None
    """Processors of a node, to turn processors asked for into nodes."""


def switches(text: str) -> tuple[int | None, str, float]:
    """Return what `text` stands for: most groups or racks (None: the fewest), which, and for how long [s].

    Raises
    ------
    ValueError
        It is no bound on switches.

    Examples
    --------
    >>> switches("2@1h"), switches("fewest racks@30min")
    ((2, 'groups', 3600.0), (None, 'racks', 1800.0))
    """
    match = _SWITCHES.match(text)
    like = "expected N@TIME such as 2@1h, fewest@6h or 2 racks@1h"
    if match is None:
        raise ValueError(f"'{text}' is no bound on groups: {like}")
    try:
        patience = parse(match["time"], "s")
    except SpecError as error:
        raise ValueError(f"'{text}' is no bound on groups: {error}; {like}") from None
    if not 0.0 <= patience < 1e9:
        raise ValueError(f"'{text}' waits for {patience:g} s: expected 0 or more")
    kind = "racks" if (match["kind"] or "").lower().startswith("rack") else "groups"
    return None if match["most"] == "fewest" else int(match["most"]), kind, patience


def _switches(text: str) -> str:
    switches(text)
    return text


_SWITCHES = re.compile(
    r"^\s*(?P<most>[1-9]\d{0,5}|fewest)\s*(?P<kind>racks?|groups?)?\s*@\s*(?P<time>.+?)\s*$", re.IGNORECASE
)
Switches = Annotated[str, AfterValidator(_switches)]
HoldDelay = Annotated[float, Quantity("s", minimum=0.0, maximum=14 * 86400.0)]
HoldQuantile = Annotated[float, Quantity("1", minimum=0.0, maximum=1.0)]


class Scheduling(Spec):
    """Who starts next, and where."""

    policy: str = "fcfs"
    """Order of the queue: fcfs, sjf, ljf, smallest, largest, wfp3, unicef, f1, multifactor."""
    backfill: str = "easy"
    """none, easy, easy-sjbf, conservative or slurm."""
    placement: str = "groups"
    """none, contiguous, groups, spread or random."""
    switches: Switches | None = None
    """Most groups that a job wants to span and how long it waits for that, such as ``2@1h``; ``fewest@6h``
    for each job's own fewest, ``2 racks@1h`` for racks."""
    distance: Distance = "none"
    """What it costs a job to span more groups than it must: none, low, central or high."""
    hold: Literal["none", "price", "carbon"] = "none"
    """Whether jobs wait for hours of cheap or of clean electricity."""
    hold_delay_s: HoldDelay = 12 * 3600.0
    """How long a job is held at most."""
    hold_quantile_frac: HoldQuantile = 0.25
    """Which of the hours that a job may wait for are cheap: those up to this quantile."""
    requeue: bool = True
    """Whether a job whose nodes fail is sent again at once, to run from its last checkpoint, or anew."""
    added_nodes: Annotated[int, Field(strict=True, ge=0, le=10**6)] = 0
    """Nodes in addition, in the default partition; the jobs stay those drawn for the machine without."""
    slurm: SlurmSettings = SlurmSettings()
    """Slurm's parameters, for the backfill slurm and the policy multifactor."""

    @property
    def asked_switches(self) -> tuple[int | None, str, float]:
        """Most groups or racks (None: the fewest), which of both, and how long a job waits for that [s]."""
        return switches(self.switches or "fewest@0s")


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


def _failures(value: Any) -> Any:
    """Take one text with commas as well as a list of texts."""
    if value is None:
        return ()
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.strip().strip("[]").split(",") if part.strip())


def _failure(text: str) -> str:
    from exatwin.study.failures import failure

    failure(text)
    return text


Failures = Annotated[tuple[Annotated[str, AfterValidator(_failure)], ...], BeforeValidator(_failures)]


def _reservation(text: str) -> str:
    from exatwin.study.reservations import reservation

    reservation(text)
    return text


Reservations = Annotated[tuple[Annotated[str, AfterValidator(_reservation)], ...], BeforeValidator(_failures)]


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
        _put(document, path, value, type(self))
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


def _put(document: dict[str, Any], path: str, value: Any, model: type[Spec]) -> None:
    """Set the value at `path`, opening what stands empty on the way; refuse unknown keys."""
    here: Any = document
    steps = path.split(".")
    owner: type[Spec] | None = model
    for depth, step in enumerate(steps):
        fields = _keys(owner) if owner is not None else {}
        if depth and _open_table(model, steps[:depth]):
            fields = {step: None}
        if step not in fields:
            raise SpecError(f"unknown key '{path}': {nearest(path, all_keys(model))}")
        if depth == len(steps) - 1:
            here[step] = value
            return
        if not isinstance(here.get(step), dict):
            here[step] = {}
        here, owner = here[step], fields[step]


def read_value(path: str, text: str) -> Any:
    """Return what `text`, written by a person, stands for at the key `path` of a scenario.

    Examples
    --------
    >>> read_value("days", "3"), read_value("facility", "false"), read_value("cooling.supply", "40 degC")
    (3, False, '40 degC')
    >>> read_value("market.tariff", "") is None
    True
    """
    kinds = set(_kinds(path))
    if text.strip() == "":
        return None
    if not kinds or any(get_origin(kind) is dict for kind in kinds):  # an application knows what it takes
        return _number(text)
    if bool in kinds:
        return {"true": True, "false": False}.get(text.strip().lower(), text)
    if kinds & {int, float} and not any(isinstance(kind, Quantity) for kind in kinds):
        return _number(text)
    return text


def _number(text: str) -> Any:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return found if isinstance(found, int | float | dict) and not isinstance(found, bool) else text


def _kinds(path: str) -> Iterator[Any]:
    """Yield the types and marks of the field at `path`; none for an unknown key."""
    *above, last = path.split(".")
    owner = model_at(Scenario, tuple(above))
    field = keys_of(owner).get(last) if owner is not None else None
    if field is not None:
        yield from field.metadata
        yield from _flat(field.annotation)


def _flat(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in (*getattr(annotation, "__args__", ()), *getattr(annotation, "__metadata__", ())):
        yield from _flat(part)


def _open_table(model: type[Spec], path: list[str]) -> bool:
    """Return whether any key may stand in the table at `path`, as in the settings of an application."""
    owner = model_at(model, tuple(path[:-1]))
    field = keys_of(owner).get(path[-1]) if owner is not None else None
    return field is not None and get_origin(field.annotation) is dict


def _keys(model: type[Spec]) -> dict[str, type[Spec] | None]:
    found: dict[str, type[Spec] | None] = {}
    for name, field in model.model_fields.items():
        kinds = (field.annotation, *getattr(field.annotation, "__args__", ()))
        inner = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Spec)]
        found[field.alias or name] = inner[0] if inner else None
    return found


def all_keys(model: type[Spec] = Scenario, prefix: str = "") -> list[str]:
    """Return every key that ``--set`` takes.

    Examples
    --------
    >>> "schedule.policy" in all_keys()
    True
    """
    found: list[str] = []
    for key, inner in _keys(model).items():
        found += all_keys(inner, f"{prefix}{key}.") if inner else [prefix + key]
    return found


__all__ = ["Scenario", "Scheduling", "Trace", "Workload", "all_keys", "read_value"]
