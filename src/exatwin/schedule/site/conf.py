"""``slurm.conf``: options, nodes and partitions of a centre; nothing dies on what it does not know."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from exatwin.foundation.errors import SpecError, nearest
from exatwin.foundation.hosts import hosts
from exatwin.schedule.multifactor import RESETS
from exatwin.schedule.site.known import FLAGS, OPTIONS, PARAMETERS, known
from exatwin.schedule.site.lines import Line, logical_lines, read_text, refuse
from exatwin.schedule.site.words import UNLIMITED, count, span_s, tres

_EXPECTED = "a slurm.conf"
_PAIR = re.compile(r'(?P<key>[A-Za-z_][\w.]*)\s*\+?=\s*(?P<value>"[^"]*"|\S*)')
_INCLUDE = re.compile(r"include\s+(?P<path>\S+)", re.IGNORECASE)
_DEEPEST = 8
_OPEN = ("nodename", "partitionname")
_ASIDE = ("frontendname", "downnodes", "nodeset", "switchname", "nodehostname")


@dataclass(frozen=True)
class ConfNodes:
    """One line of nodes."""

    names: tuple[str, ...]
    processors: int
    """Processors of each node, as Slurm counts them."""
    memory_mib: float = 1.0
    """Memory of each node [MiB]."""
    gres: Mapping[str, float] = field(default_factory=dict)
    """Generic resources of each node by name, such as ``gres/gpu``."""


@dataclass(frozen=True)
class ConfPartition:
    """One partition, with what it inherits from ``DEFAULT``."""

    name: str
    nodes: tuple[str, ...]
    job_factor: int = 1
    """``PriorityJobFactor``."""
    tier: int = 1
    """``PriorityTier``."""
    default: bool = False
    max_time_s: float = UNLIMITED
    default_time_s: float | None = None
    max_nodes: float = UNLIMITED
    qos: str | None = None
    """The partition's own QOS, whose limits hold for all its jobs."""
    billing: Mapping[str, float] = field(default_factory=dict)
    """``TRESBillingWeights`` by resource; none for processors."""
    up: bool = True
    exclusive: bool = False
    """Whether a job gets all of its nodes (``OverSubscribe=EXCLUSIVE``)."""


@dataclass(frozen=True)
class SlurmConf:
    """What a ``slurm.conf`` says."""

    path: str
    options: Mapping[str, str]
    """Values as they are written, by name in lower case."""
    parameters: Mapping[str, str]
    """``SchedulerParameters`` by name in lower case; one without a value has an empty one."""
    nodes: tuple[ConfNodes, ...] = ()
    partitions: tuple[ConfPartition, ...] = ()
    ignored: tuple[str, ...] = ()
    """Names of settings that have no part in a simulation."""
    unknown: tuple[str, ...] = ()
    """Names that Slurm's documentation does not have, and where."""
    remarks: tuple[str, ...] = ()

    def get(self, name: str, default: str = "") -> str:
        """Return the value of an option, whatever the case of its name."""
        return self.options.get(name.lower(), default)

    @property
    def flags(self) -> frozenset[str]:
        """The words of ``PriorityFlags`` in upper case."""
        return frozenset(
            word.strip().upper() for word in self.get("PriorityFlags").split(",") if word.strip()
        )

    @property
    def processors(self) -> int:
        """Processors of all nodes."""
        return sum(len(line.names) * line.processors for line in self.nodes)

    @property
    def node_count(self) -> int:
        """Number of nodes."""
        return sum(len(line.names) for line in self.nodes)

    def lines(self) -> list[str]:
        """Return for people what was understood and what was not."""
        used = sorted(set(self.options) & set(OPTIONS)) + sorted(set(self.parameters) & set(PARAMETERS))
        found = [
            f"{self.path}: {self.node_count:,} nodes, {len(self.partitions)} partitions, "
            f"{len(used)} settings used"
        ]
        if self.ignored:
            found.append(f"  {len(self.ignored)} settings have no part in a simulation: {_few(self.ignored)}")
        if self.unknown:
            found.append(f"  {len(self.unknown)} unknown names ignored: {_few(self.unknown)}")
        return found + [f"  note: {remark}" for remark in self.remarks]


@dataclass
class _Found:
    """What has been read so far."""

    options: dict[str, str] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)
    nodes: list[ConfNodes] = field(default_factory=list)
    partitions: list[ConfPartition] = field(default_factory=list)
    default_node: dict[str, str] = field(default_factory=dict)
    default_partition: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_conf(path: Path) -> SlurmConf:
    """Return what the ``slurm.conf`` at `path` says (plain or gzip), with the files it includes.

    Raises
    ------
    SpecError
        It can't be read, holds no setting, or a value that matters is malformed (all are told).

    References
    ----------
    https://slurm.schedmd.com/slurm.conf.html
    """
    found = _Found()
    for line in _all_lines(Path(path), read_text(Path(path), _EXPECTED), found):
        _take(line, found)
    parameters = _parameters(found.options.get("schedulerparameters", ""))
    for key, value in found.options.items():
        _check(found.lines[key], key, value, found)
    for key, value in parameters.items():
        _check(found.lines["schedulerparameters"], key, value, found)
    refuse(found.problems)
    if not found.options and not found.partitions and not found.nodes:
        raise SpecError(f"{path}: holds no setting (NAME=VALUE), expected {_EXPECTED}")
    unknown = [f"SchedulerParameters={key}" for key in parameters if key not in PARAMETERS and not known(key)]
    flags = found.options.get("priorityflags", "").upper().split(",")
    unknown += [
        f"PriorityFlags={flag.strip()}" for flag in flags if flag.strip() and flag.strip() not in FLAGS
    ]
    return SlurmConf(
        path=str(path),
        options=found.options,
        parameters=parameters,
        nodes=tuple(found.nodes),
        partitions=tuple(_with_nodes(found)),
        ignored=tuple(sorted(key for key in found.options if key not in OPTIONS and known(key))),
        unknown=(*found.unknown, *unknown),
        remarks=tuple(found.remarks),
    )


def _all_lines(path: Path, text: str, found: _Found, depth: int = 0) -> Iterator[Line]:
    for line in logical_lines(path, text):
        include = _INCLUDE.fullmatch(line.text)
        if include is None:
            yield line
            continue
        target = path.parent / include["path"]
        if depth >= _DEEPEST or not target.is_file():
            found.remarks.append(line.at(f"included file {include['path']} is not here: not read"))
            continue
        yield from _all_lines(
            target, read_text(target, "the included part of a slurm.conf"), found, depth + 1
        )


def _take(line: Line, found: _Found) -> None:
    pairs = [(pair["key"].lower(), pair["value"].strip('"')) for pair in _PAIR.finditer(line.text)]
    if not pairs:
        found.unknown.append(line.at(line.text[:40]))
        return
    kind = pairs[0][0]
    try:
        if kind == "nodename":
            _nodes(dict(pairs), found)
        elif kind == "partitionname":
            _partition(dict(pairs), found)
        elif kind not in _ASIDE:
            for key, value in pairs:
                found.options[key], found.lines[key] = value, line
                if key not in OPTIONS and not known(key):
                    found.unknown.append(line.at(key))
    except ValueError as error:
        found.problems.append(line.at(str(error)))


def _nodes(pairs: dict[str, str], found: _Found) -> None:
    if pairs["nodename"].upper() == "DEFAULT":
        found.default_node |= pairs
        return
    given = found.default_node | pairs
    found.nodes.append(
        ConfNodes(
            names=tuple(hosts(pairs["nodename"])),
            processors=_processors(given),
            memory_mib=count(given.get("realmemory", "1")),
            gres=_gres(given.get("gres", "")),
        )
    )


def _processors(given: dict[str, str]) -> int:
    for key in ("cpus", "procs"):
        if key in given:
            return max(int(count(given[key])), 1)
    sockets = given.get("sockets") or given.get("socketsperboard", "1")
    boards = "1" if "sockets" in given else given.get("boards", "1")
    factors = [boards, sockets, given.get("corespersocket", "1"), given.get("threadspercore", "1")]
    return max(math.prod(int(count(factor)) for factor in factors), 1)


def _gres(text: str) -> dict[str, float]:
    """Return ``gpu:gh200:4`` as a number of ``gres/gpu`` and of ``gres/gpu:gh200``."""
    found: dict[str, float] = {}
    for part in re.split(r",(?![^(]*\))", text):
        words = part.partition("(")[0].strip().lower().split(":")
        if not words[0]:
            continue
        many = count(words[-1]) if len(words) > 1 and words[-1][:1].isdigit() else 1.0
        kind = words[1] if len(words) > 2 or (len(words) == 2 and not words[-1][:1].isdigit()) else ""
        for key in {f"gres/{words[0]}", f"gres/{words[0]}:{kind}" if kind else f"gres/{words[0]}"}:
            found[key] = found.get(key, 0.0) + many
    return found


def _partition(pairs: dict[str, str], found: _Found) -> None:
    if pairs["partitionname"].upper() == "DEFAULT":
        found.default_partition |= pairs
        return
    given = found.default_partition | pairs
    both = given.get("priority", "1")
    found.partitions.append(
        ConfPartition(
            name=pairs["partitionname"],
            nodes=tuple(hosts(given.get("nodes", ""))),
            job_factor=_whole(given.get("priorityjobfactor", both), "PriorityJobFactor"),
            tier=_whole(given.get("prioritytier", both), "PriorityTier"),
            default=given.get("default", "no").lower() == "yes",
            max_time_s=span_s(given.get("maxtime", "UNLIMITED")),
            default_time_s=span_s(given["defaulttime"]) if "defaulttime" in given else None,
            max_nodes=count(given.get("maxnodes", "UNLIMITED")),
            qos=given.get("qos", "").lower() or None,
            billing=tres(given.get("tresbillingweights", ""), weights=True),
            up=given.get("state", "up").lower() == "up",
            exclusive=(given.get("oversubscribe") or given.get("shared", "")).upper().startswith("EXCL"),
        )
    )


def _whole(text: str, name: str) -> int:
    number = count(text)
    if number < 0 or not math.isfinite(number):
        raise ValueError(f"{name}={text} is negative or endless, expected 0 or more")
    return int(number)


def _with_nodes(found: _Found) -> Iterator[ConfPartition]:
    """Yield the partitions with ``ALL`` spelled out."""
    everything = tuple(name for line in found.nodes for name in line.names)
    for one in found.partitions:
        is_all = [name.upper() for name in one.nodes] == ["ALL"]
        yield ConfPartition(**{**vars(one), "nodes": everything}) if is_all else one


def _parameters(text: str) -> dict[str, str]:
    parts = (part.strip().partition("=") for part in text.split(",") if part.strip())
    return {key.strip().lower(): value.strip() for key, _, value in parts}


def _check(line: Line, key: str, value: str, found: _Found) -> None:
    """Note a value that matters and is malformed."""
    kind = OPTIONS.get(key) or PARAMETERS.get(key)
    try:
        if kind == "weight" and not 0 <= count(value) <= 2**32 - 1:
            raise ValueError(f"{value} is not in 0 to 4294967295")
        if kind in ("minutes", "seconds"):
            span_s(value, bare_s=1.0)
        if kind == "period" and value.lower() not in RESETS:
            raise ValueError(f"unknown period '{value}', {nearest(value.lower(), RESETS)}")
        if kind == "count" and count(value) < 0:
            raise ValueError(f"{value} is negative")
        if kind == "tres" and min(tres(value, weights=True).values(), default=0.0) < 0:
            raise ValueError(f"{value} has a negative weight")
    except ValueError as error:
        found.problems.append(line.at(f"{key}: {error}"))


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names[:6]) + (", …" if len(names) > 6 else "")
