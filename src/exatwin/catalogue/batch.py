"""Rules of batch systems: partitions, limits, launchers and habits of a site, each number with its source."""

from __future__ import annotations

from functools import cache
from math import inf
from pathlib import Path
from typing import Literal

from exatwin.catalogue.load import entry, looks_like_path, names
from exatwin.foundation.errors import CatalogueError, nearest
from exatwin.foundation.spec import Count, PositiveCount, Seconds, Sourced, Spec

FOLDER = "batch"


class Queue(Spec):
    """A partition, or one quality of service of it, as a job script names it."""

    name: str
    """As users write it after ``--partition``."""
    machine: str = ""
    """Catalogue name of the machine whose nodes it holds; blank where the catalogue has none."""
    nodes_are: str
    """What one of its nodes is, for people."""
    qos: str = ""
    """Quality of service that sets the limits, as written after ``--qos``; blank where none is needed."""
    default: bool = False
    """Whether a job on its machine goes here where nobody says."""
    up: bool = True
    """Whether it takes jobs."""
    exclusive: bool = True
    """Whether its nodes belong to one job at a time."""
    nodes: PositiveCount | None = None
    """Nodes that it holds; blank where nobody says."""
    min_nodes: PositiveCount = 1
    """Smallest job."""
    max_nodes: PositiveCount | None = None
    """Largest job; blank for all of its nodes."""
    default_time_s: Seconds | None = None
    """Time limit of a job that names none."""
    max_time_s: Seconds | None = None
    """Longest time limit."""
    gpus: Count = 0
    """Accelerators of a node as the batch system counts them."""
    gpu_flag: str = ""
    """How they are asked for, with ``{n}`` for their number; blank where nothing is to be written."""
    tasks: PositiveCount = 1
    """Processes that are usually started on a node."""
    cpus: PositiveCount
    """Processor cores of a node that a job may use."""

    @property
    def most_nodes(self) -> float:
        """Nodes of the largest job; infinity where nobody says."""
        return self.max_nodes or self.nodes or inf

    def takes(self, nodes: int) -> bool:
        """Return whether a job of `nodes` nodes may go here."""
        return self.min_nodes <= nodes <= self.most_nodes

    def gpu_words(self, count: int) -> str:
        """Return the flag that asks for `count` accelerators of a node."""
        return self.gpu_flag.format(n=count) if count and self.gpu_flag else ""


class FileSystem(Spec):
    """Where a job reads and writes."""

    path: str
    """As a script names it."""
    use: str
    """What it is for."""
    purge_s: Seconds | None = None
    """Age at which files are deleted; blank where they are kept."""


class Quota(Spec):
    """How a site spreads an award over time."""

    period: Literal["month"] = "month"
    """What the award is divided by."""
    carry: Count = 0
    """Periods that unused hours live on."""
    overdraw: str = ""
    """What using more than the quota of a period leads to."""


class Risk(Spec):
    """What may go wrong for those who come from elsewhere."""

    text: str
    """In a few words."""
    topic: str
    """What it is about; a site's word on a topic takes the place of a part's."""
    apps: list[str] = []
    """Applications that it matters for; empty for all."""
    machines: list[str] = []
    """Machines of the site that it holds for; empty for all."""


class BatchRules(Sourced):
    """What a job script of one site has to keep to."""

    name: str
    """Catalogue name, such as ``jupiter``."""
    title: str
    """Name for people."""
    machines: list[str] = []
    """Catalogue names of the machines that these rules serve."""
    as_of: str
    """The date of these rules, ISO 8601; sites change theirs without notice."""
    scheduler: Literal["slurm"] = "slurm"
    """Batch system."""
    launcher: str = "srun"
    """What starts processes on the nodes."""
    other_launchers: bool = False
    """Whether ``mpirun`` and ``mpiexec`` work as well."""
    account_required: bool = True
    """Whether a job without an account is refused."""
    account_like: str
    """What an account looks like."""
    internet: bool = False
    """Whether compute nodes reach the internet."""
    requeue: bool = True
    """Whether a job may put itself back into the queue."""
    proxy: str = ""
    """What to do in the place of downloads from a compute node."""
    power: str = ""
    """How a job asks for a limit of power; blank where nobody says."""
    environment: list[str] = []
    """Lines of shell that jobs on it usually need."""
    partitions: list[Queue]
    """Partitions."""
    file_systems: list[FileSystem] = []
    """File systems."""
    quota: Quota | None = None
    """How an award is spread over time; blank where it is not, or nobody says."""
    risks: list[Risk] = []
    """What may go wrong."""
    notes: list[str] = []
    """What a careful reader should know."""

    def queue_names(self) -> list[str]:
        """Return the names of the partitions, each once."""
        return list(dict.fromkeys(queue.name for queue in self.partitions))

    def queues(self, name: str) -> list[Queue]:
        """Return what is called `name`: one entry for each quality of service."""
        return [queue for queue in self.partitions if queue.name == name]

    def queues_of(self, machine: str) -> list[Queue]:
        """Return the partitions with the nodes of `machine` that take jobs, the default first."""
        own = [one for one in self.partitions if one.machine == machine and one.up]
        return sorted(own, key=lambda one: not one.default)

    def quality_of(self, queue: Queue, key: str) -> str:
        """Return how the number `key` of a partition came to be known; blank where it has no number."""
        fact = self.facts.get(f"partitions.{self.partitions.index(queue)}.{key}")
        return "" if fact is None else str(fact.quality)


@cache
def load_rules(name: str) -> BatchRules:
    """Return the rules of the site called `name`, or in the file at that path.

    Raises
    ------
    CatalogueError
        There are none, or the file is malformed.

    Examples
    --------
    >>> load_rules("jupiter").launcher
    'srun'
    """
    if looks_like_path(name):
        path = Path(name)
        if not path.is_file():
            raise CatalogueError(f"{name}: there is no such file")
        own: BatchRules = entry(BatchRules, FOLDER, name)
        return own
    if name not in names(FOLDER):
        raise CatalogueError(f"no rules of a site '{name}': {nearest(name, names(FOLDER))}")
    found: BatchRules = entry(BatchRules, FOLDER, name)
    return found


@cache
def _sites() -> dict[str, str]:
    """Return sites by the machines that their rules serve."""
    return {machine: site for site in names(FOLDER) for machine in load_rules(site).machines}


def rules_for(machine: str) -> BatchRules | None:
    """Return the rules of the site where the machine called `machine` stands; None where there are none.

    Examples
    --------
    >>> rules_for("lumi-g").name, rules_for("dgx-h100")
    ('lumi', None)
    """
    site = _sites().get(machine)
    return None if site is None else load_rules(site)


def site_rules(name: str) -> BatchRules:
    """Return the rules called `name`, by that of a site or of a machine.

    Raises
    ------
    CatalogueError
        There are none; the message says for which there are.
    """
    found = rules_for(name)
    if found is not None:
        return found
    if name in names(FOLDER) or looks_like_path(name):
        return load_rules(name)
    known = [*names(FOLDER), *_sites()]
    raise CatalogueError(
        f"no rules of a batch system are known for '{name}': {nearest(name, known)} (or --site FILE.toml)"
    )


__all__ = [
    "BatchRules",
    "FileSystem",
    "Queue",
    "Quota",
    "Risk",
    "load_rules",
    "rules_for",
    "site_rules",
]
