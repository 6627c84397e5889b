"""A power law on one kind of node: its counts and caps, the clock under a cap, and watts by part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from exatwin.catalogue.load import entry
from exatwin.catalogue.machine import Machine
from exatwin.catalogue.power_law import PowerLaw
from exatwin.foundation.arrays import Float64
from exatwin.foundation.errors import CatalogueError, InfeasibleError
from exatwin.workload.job import Phases

PARTS = ("accelerator", "processor", "memory", "network", "board", "conversion")


@dataclass(frozen=True)
class NodeModel:
    """A power law with the counts and caps of one kind of node."""

    law: PowerLaw
    accelerators: float
    processors: float
    nics: float
    cap_w: float
    """Cap of one package [W]."""
    processor_cap_w: float
    """Most that one processor may draw [W]."""
    accelerator_scale: float = 1.0
    """Rated power of the accelerator relative to the law's."""
    processor_scale: float = 1.0
    """Rated power of the processor relative to the law's."""
    links_w: float = 0.0
    """Switches of the link domain inside the node [W]."""

    @property
    def packages(self) -> float:
        """Packages of the node that the cap holds for."""
        return self.processors if self.law.cap_scope == "processor" else self.accelerators

    @property
    def driver_w(self) -> float:
        """What full use of the clocked part of one package adds at nominal clock, uncapped [W]."""
        if self.law.cap_scope == "processor":
            return self.law.processor_dynamic_w * self.processor_scale
        return self.law.accelerator_dynamic_w * self.accelerator_scale


def power_law(machine: Machine) -> PowerLaw:
    """Return the power law of the nodes of `machine`."""
    found: PowerLaw = entry(PowerLaw, "power-laws", machine.node.power_law)
    return found


def fixed_w(machine: Machine, law: PowerLaw) -> float:
    """Return what the switches of `machine` draw at the meter, always [W]."""
    family = machine.network.family if machine.network else "other"
    counted = machine.network.switches if machine.network else None
    return switches_w(law, family, machine.nodes * _nics(machine, law), counted)


def _nics(machine: Machine, law: PowerLaw) -> float:
    """Return the adapters of a node: those its file counts, else the law's number."""
    return machine.node.nics or law.nics_per_accelerator * max(machine.node.accelerators, 1)


def switches_w(law: PowerLaw, family: str, nics: float, switches: int | None = None) -> float:
    """Return what the switches of a network of `nics` adapters draw at the meter [W].

    Parameters
    ----------
    family
        Family of the network, such as ``infiniband-ndr``.
    switches
        How many there are; by default the law's number for each adapter.
    """
    if switches is None:
        per_nic = law.switches_per_nic.get(family, law.switches_per_nic.get("other", 0.0))
        return nics * per_nic * law.switch_w.get(family, law.switch_w.get("other", 0.0))
    return switches * law.switch_w.get(family, law.switch_w.get("other", 0.0))


def node_model(machine: Machine) -> NodeModel:
    """Return the power law of `machine` with the counts and caps of its nodes.

    Raises
    ------
    CatalogueError
        The law is one of accelerators and the node has none.
    """
    law, node, chip = power_law(machine), machine.node, machine.accelerator
    if law.cap_scope != "processor" and node.accelerators == 0:
        raise CatalogueError(
            f"{node.name}: the power law '{law.name}' is one of nodes with accelerators, this node has none"
        )
    host_w = law.cap_w if law.cap_scope == "processor" else law.processor_cap_w
    chip_scale = _scale(law, chip.tdp_w if chip else None, law.cap_w)
    host_scale = 1.0 if law.cap_scope == "module" else _scale(law, machine.processor.tdp_w, host_w)
    cap = law.cap_w * (host_scale if law.cap_scope == "processor" else chip_scale)
    host_cap = np.inf if law.processor_cap_w is None else law.processor_cap_w * host_scale
    if law.cap_scope == "module":
        cap = node.module_cap_w or (chip.tdp_w if chip else None) or cap
        host_cap = node.module_processor_cap_w or host_cap
    nics = _nics(machine, law)
    caps = (cap, float(host_cap), chip_scale, host_scale, node.links_w)
    return NodeModel(law, node.accelerators, node.processors, nics, *caps)


def _scale(law: PowerLaw, rated_w: float | None, reference_w: float | None) -> float:
    return rated_w / reference_w if law.scales and rated_w and reference_w else 1.0


def clock_for(dynamic_frac: ArrayLike, law: PowerLaw) -> Float64:
    """Return the largest clock up to 1 at which dynamic power is at most `dynamic_frac` of nominal.

    The inverse of :func:`dynamic_at`, by bisection over all elements at once: to 1e-15 in 52 halvings.
    """
    wanted = np.asarray(dynamic_frac, np.float64)
    low, high = np.full(wanted.shape, law.clock_min_frac), np.ones(wanted.shape)
    for _ in range(52):
        middle = 0.5 * (low + high)
        fits = dynamic_at(middle, law) <= wanted
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    return np.where(wanted >= 1.0, 1.0, low)


def dynamic_at(clock_frac: ArrayLike, law: PowerLaw) -> Float64:
    """Return dynamic power at `clock_frac` relative to nominal, ``φ(x) = x (V(x) / V(1))²``."""
    clock = np.asarray(clock_frac, np.float64)
    voltage = np.maximum(law.voltage_floor_frac, 1.0 - law.voltage_slope_frac * (1.0 - clock))
    return np.asarray(clock * voltage**2)


def clocks(phases: Phases, node: NodeModel, frequency_frac: Float64) -> Float64:
    """Return the clock that each phase runs at under the node's cap, shape (phases, steps).

    Raises
    ------
    InfeasibleError
        The cap is lower than the package can go at its lowest clock.
    """
    driver = node.driver_w * _driving(phases, node)
    fixed = _fixed_package_w(phases, node)
    floor = fixed + driver * dynamic_at(node.law.clock_min_frac, node.law)
    if np.any(floor > node.cap_w):
        raise InfeasibleError(
            f"cap {node.cap_w:.0f} W is too low for power law '{node.law.name}': "
            f"its package draws {floor.max():.0f} W at the lowest clock"
        )
    with np.errstate(divide="ignore", over="ignore"):
        allowed = np.where(driver > 0, (node.cap_w - fixed) / driver, np.inf)
    return np.minimum(clock_for(allowed, node.law)[:, None], frequency_frac[None, :])


def _driving(phases: Phases, node: NodeModel) -> Float64:
    return phases.processor_frac if node.law.cap_scope == "processor" else phases.accelerator_frac


def _processor_w(phases: Phases, node: NodeModel) -> Float64:
    """Return one processor beside accelerators [W], shape (phases,)."""
    idle = node.law.processor_idle_w * node.processor_scale
    busy = idle + node.law.processor_dynamic_w * node.processor_scale * phases.processor_frac
    return np.minimum(busy, max(node.processor_cap_w, idle))


def _fixed_package_w(phases: Phases, node: NodeModel) -> Float64:
    """Return what one package draws inside its cap besides the clocked part [W], shape (phases,)."""
    law = node.law
    if law.cap_scope == "processor":
        return np.full(len(phases), law.processor_idle_w * node.processor_scale)
    memory = law.memory_dynamic_w * node.accelerator_scale * phases.memory_frac
    chip = law.accelerator_idle_w * node.accelerator_scale + memory
    if law.cap_scope == "accelerator":
        return chip
    return chip + (_processor_w(phases, node) + law.memory_idle_w) * node.processors / node.accelerators


def package_w(phases: Phases, node: NodeModel, clock_frac: Float64) -> Float64:
    """Return one package under its cap's meter, each phase at its own `clock_frac` [W], shape (phases,)."""
    driven = (
        node.driver_w
        * _driving(phases, node)
        * np.where(clock_frac > 0.0, dynamic_at(clock_frac, node.law), 0.0)
    )
    return _fixed_package_w(phases, node) + driven


def part_watts(
    phases: Phases, node: NodeModel, clock_frac: Float64, more_w: Float64 | float = 0.0
) -> Float64:
    """Return one node by part, each phase at its own `clock_frac` (phases,) [W], shape (phases, parts).

    Parameters
    ----------
    more_w
        What each package leaks beyond the law's watts [W], shape (phases,).
    """
    law, chip, host = node.law, node.accelerator_scale, node.processor_scale
    driven = node.driver_w * _driving(phases, node) * dynamic_at(clock_frac, law)
    zero = np.zeros(len(phases))
    if law.cap_scope == "processor":
        accelerator = zero
        processor = node.processors * (law.processor_idle_w * host + driven + more_w)
    else:
        accelerator = node.accelerators * (law.accelerator_idle_w * chip + driven + more_w)
        processor = node.processors * _processor_w(phases, node)
    memory_scale = host if law.cap_scope == "processor" else chip
    memory = node.processors * law.memory_idle_w + (
        node.packages * law.memory_dynamic_w * memory_scale * phases.memory_frac
    )
    network = node.nics * (law.nic_idle_w + law.nic_dynamic_w * phases.network_frac)
    useful = np.stack([accelerator, processor, memory, network, zero + law.board_w + node.links_w], axis=1)
    conversion = useful.sum(axis=1) * (1.0 / law.conversion_frac - 1.0)
    return np.column_stack([useful, conversion])
