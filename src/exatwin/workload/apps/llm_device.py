"""What the law of a training step asks of a machine: one accelerator, its links and its adapters."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from exatwin.catalogue.generic import unit_of
from exatwin.catalogue.machine import Machine
from exatwin.catalogue.parts import Accelerator
from exatwin.foundation.errors import SpecError
from exatwin.foundation.spec import Quality
from exatwin.workload.topology import span_of


@dataclass(frozen=True)
class Device:
    """What the law asks of the machine's datasheets, for one device that programs see."""

    family: str
    """Chip family."""
    peak: dict[str, float]
    """Dense peak by precision [FLOP/s]."""
    memory_b: float
    """Device memory [B]."""
    memory_b_s: float
    """Bandwidth of the device memory [B/s]."""
    power_w: float
    """Power that the accelerator may draw [W]; 0 where nobody says."""
    domain: float
    """Accelerators of one link domain."""
    link_b_s: float
    """Link bandwidth of one accelerator, one direction [B/s]."""
    nic_b_s: float
    """Network bandwidth of one accelerator, one direction [B/s]."""
    shared_cap: bool = False
    """Whether a processor draws on the power cap of the accelerator."""
    pair_frac: float = 1.0
    """Share of the link bandwidth that reaches any one other accelerator of the domain."""
    group: float = math.inf
    """Accelerators of one group of the network."""
    global_frac: float = 1.0
    """Network bandwidth out of a group over that inside it."""
    product_frac: float | None = None
    """Fastest measured 16-bit product over the peak; needed only where the family was never calibrated."""
    chip: str = ""
    """Catalogue name of the chip."""
    assumed: tuple[str, ...] = ()
    """What a reader should know of these numbers."""


def device_of(machine: Machine) -> Device:
    """Return what the law asks of `machine`.

    Raises
    ------
    SpecError
        The machine has no accelerators, or its datasheets leave out what the law needs.
    """
    chip, node = machine.accelerator, machine.node
    if chip is None:
        raise SpecError(
            f"'{machine.name}' has no accelerators, LLM training is modelled on accelerators only"
        )
    needed = {
        "16-bit peak (peak.bf16)": chip.peak.get("bf16"),
        "memory": chip.memory_b,
        "memory bandwidth (memory_b_s)": chip.memory_b_s,
        "link bandwidth (link_b_s)": chip.link_b_s,
    }
    missing = [f"{name} of '{chip.name}'" for name, value in needed.items() if not value]
    if not node.injection_b_s:
        missing.append(f"network adapters (nics and nic_b_s, or network_b_s) of '{node.name}'")
    if missing:
        raise SpecError(f"'{machine.name}': not known: {', '.join(missing)}; name them in a machine file")
    parts, rate, span = float(chip.devices), chip.peak["bf16"], span_of(machine)
    return Device(
        family=chip.family,
        peak={name: peak / parts for name, peak in chip.peak.items()},
        memory_b=(chip.memory_b or 0.0) / parts,
        memory_b_s=(chip.memory_b_s or 0.0) / parts,
        power_w=_power_w(chip, machine) / parts,
        domain=float(node.link_domain or machine.node_devices),
        link_b_s=(chip.link_b_s or 0.0) / parts / 2.0,
        nic_b_s=node.injection_b_s / machine.node_devices,
        shared_cap=node.module_cap_w is not None,
        pair_frac=span.pair_frac,
        group=span.group * parts,
        global_frac=span.global_frac,
        product_frac=None if chip.product_flop_s is None else chip.product_flop_s / rate,
        chip=chip.name,
        assumed=tuple(_assumed(machine, chip)),
    )


def _power_w(chip: Accelerator, machine: Machine) -> float:
    """Return what one accelerator may draw [W]: its rated power, or its part of the module's cap."""
    cap = machine.node.module_cap_w
    if cap is None:
        return chip.tdp_w or 0.0
    return cap - (machine.node.module_processor_cap_w or 0.0)


def _assumed(machine: Machine, chip: Accelerator) -> Iterator[str]:
    """Yield what a reader should know of the numbers of `machine`."""
    if chip.devices > 1:
        yield (
            f"an accelerator is one {chip.device}: {chip.title} has {chip.devices}, a node has "
            f"{machine.node_devices}, '{machine.name}' has {machine.devices:,} {unit_of(machine)}"
        )
    keys = {"peak.bf16": "16-bit peak", "memory_b_s": "memory bandwidth", "link_b_s": "link bandwidth"}
    doubtful = [word for key, word in keys.items() if _is_assumed(chip, key)]
    if any(_is_assumed(machine.node, key) for key in ("nics", "nic_b_s", "network_b_s")):
        doubtful.append("network adapters of a node")
    if doubtful:
        yield f"not checked against a datasheet: {', '.join(doubtful)}"
    yield from span_of(machine).assumed
    if not chip.tdp_w and machine.node.module_cap_w is None:
        yield f"the rated power of {chip.title} is not known: clocks as usual for its family"


def _is_assumed(part: Accelerator | object, key: str) -> bool:
    facts = getattr(part, "facts", {})
    return key in facts and facts[key].quality == Quality.ASSUMED


__all__ = ["Device", "device_of"]
