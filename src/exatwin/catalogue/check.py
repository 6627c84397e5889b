"""Whether the description of a machine agrees with itself: peaks, counts, floor and queues."""

from __future__ import annotations

from collections.abc import Iterator

from exatwin.catalogue.machine import Machine, Partition
from exatwin.foundation.errors import CatalogueError
from exatwin.foundation.units import show

PEAK_TOLERANCE_FRAC = 0.01


def check_machine(machine: Machine) -> None:
    """Check that `machine` agrees with itself.

    Raises
    ------
    CatalogueError
        All that does not: a peak that the chips don't give, a floor that is too small, queues that can't be.
    """
    found = [*_peaks(machine), *_node(machine), *_floor(machine), *_queues(machine), *_records(machine)]
    if found:
        raise CatalogueError(f"{machine.name}: {'; '.join(found)}")


def _peaks(machine: Machine) -> Iterator[str]:
    count, chip = (
        (machine.accelerators, machine.accelerator)
        if machine.accelerator
        else (machine.nodes * machine.node.processors, machine.processor)
    )
    for precision, stated in machine.file.peak.items():
        counted = machine.peak_flop_s(precision)
        if counted is None:
            known = ", ".join(chip.peak) or "none"
            yield f"'peak.{precision}' can't be checked: '{chip.name}' has no such peak (it has: {known})"
        elif abs(stated - counted) > PEAK_TOLERANCE_FRAC * counted:
            yield (
                f"'peak.{precision}' is {show(stated, 'FLOP/s', 5)}, but {count:,} x '{chip.name}' give "
                f"{show(counted, 'FLOP/s', 5)}: expected within {PEAK_TOLERANCE_FRAC:.0%}"
            )


def _node(machine: Machine) -> Iterator[str]:
    node = machine.node
    if node.accelerator and node.accelerators == 0:
        yield f"'{node.name}' names the accelerator '{node.accelerator}' but has 'accelerators' = 0"
    if node.accelerators and not node.accelerator:
        yield f"'{node.name}' has {node.accelerators} accelerators but does not name them"


def _floor(machine: Machine) -> Iterator[str]:
    positions = machine.layout.rack_positions
    if positions is not None and machine.racks > positions:
        yield (
            f"'layout' has {positions} rack positions of {machine.layout.nodes_per_rack} nodes, "
            f"{machine.nodes} nodes need {machine.racks}"
        )


def _queues(machine: Machine) -> Iterator[str]:
    names = [partition.name for partition in machine.partitions]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        yield f"'partitions' has '{twice[0]}' more than once"
    if sum(partition.default for partition in machine.partitions) > 1:
        yield "'partitions' has more than one default"
    for partition in machine.partitions:
        yield from _queue(partition)


def _queue(partition: Partition) -> Iterator[str]:
    largest = partition.nodes if partition.max_nodes is None else partition.max_nodes
    if largest > partition.nodes:
        yield f"partition '{partition.name}' allows {largest} nodes, it has {partition.nodes}"
    if partition.min_nodes > largest:
        yield f"partition '{partition.name}' has 'min_nodes' {partition.min_nodes} above its largest job"
    if partition.max_time_s is not None and partition.default_time_s > partition.max_time_s:
        yield f"partition '{partition.name}' has a 'default_time' above its 'max_time'"


def _records(machine: Machine) -> Iterator[str]:
    for record in machine.file.records:
        if record.nodes is not None and record.nodes > machine.nodes:
            yield (
                f"the {record.benchmark} record of {record.edition} used {record.nodes} nodes, "
                f"the machine has {machine.nodes}"
            )


__all__ = ["PEAK_TOLERANCE_FRAC", "check_machine"]
