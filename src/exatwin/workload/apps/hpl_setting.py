"""What the law of HPL needs of a machine: its chips and their family, the network's, and their memory."""

from __future__ import annotations

import math
from dataclasses import dataclass

from exatwin.catalogue import lists
from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import CatalogueError, InfeasibleError
from exatwin.workload.apps.hpl_data import Chip, HplLaw, Link, hpl_law

_STEP = 1024  # orders are rounded down to whole blocks
_WIDE = 4
_BY_RATE = ((50e9, "InfiniBand NDR"), (25e9, "InfiniBand HDR"), (12.5e9, "InfiniBand EDR"))
"""The network that a kind of node is sold with, by the rate of one chip's adapters [B/s]."""


@dataclass(frozen=True)
class Setting:
    """What the law needs of a machine; its chips are accelerators, or sockets where there are none."""

    machine: Machine
    law: HplLaw
    """The law with the overheads of this kind of node."""
    chip: Chip
    link: Link
    chips_per_node: int
    narrow: bool
    """Whether nodes hold at most four accelerators beside a host of their own."""
    peak_flop_s: float
    """FP64 peak of one chip, or what stands for it [FLOP/s]."""
    memory_b: float | None
    """Memory that the matrix of one chip may use [B]; blank where the catalogue does not know it."""
    assumed: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the chip."""
        return (self.machine.accelerator or self.machine.processor).name

    @property
    def word(self) -> str:
        """What one chip is called."""
        return "accelerator" if self.machine.accelerator else "socket"

    @property
    def kernel_flop_s(self) -> float:
        """Rate of the update on one chip [FLOP/s]."""
        return self.chip.kernel_frac * self.peak_flop_s * (self.law.narrow_rate if self.narrow else 1.0)

    @property
    def link_b_s(self) -> float:
        """Bandwidth of one chip that the exchange achieves [B/s]."""
        return self.link.line_b_s * self.link.achieved_frac

    @property
    def most_b(self) -> float:
        """All memory of one chip and its share of the host [B]: bounds the order, not the default."""
        chip, node, accelerated = self.chip, self.machine.node, self.machine.accelerator is not None
        if self.memory_b is not None and (chip.host_memory or chip.memory_is_host or not accelerated):
            return self.memory_b
        node_b = self.law.host_memory_b if node.memory_b is None else node.memory_b
        return (self.memory_b or 0.0) + node_b / self.chips_per_node


def setting(machine: Machine, law: HplLaw | None = None) -> Setting:
    """Return what the law needs of `machine`.

    Raises
    ------
    CatalogueError
        The FP64 peak of the chip is not known.
    """
    law = law or hpl_law()
    text, said = _interconnect(machine)
    link = law.link(text)
    if machine.accelerator is None:
        found = _of_processors(machine, law, link)
    else:
        found = _of_accelerators(machine, law, link)
    network = f"network {link.family}: {found.link_b_s / 1e9:.3g} GB/s achieved by one {found.word} ({said})"
    return Setting(**{**vars(found), "assumed": (found.assumed[0], network, *found.assumed[1:])})


def _of_accelerators(machine: Machine, law: HplLaw, link: Link) -> Setting:
    chip = machine.accelerator
    assert chip is not None
    family = law.chip(chip.name)
    peak = family.reference_flop_s or chip.peak_flop_s("fp64")
    if peak is None:
        raise CatalogueError(
            f"{machine.name}: the FP64 peak of '{chip.name}' is not known: a file of the chip with peak.fp64 "
            "would let HPL be estimated"
        )
    memory, where = _memory_b(machine, family)
    host = not (family.host_memory or family.memory_is_host)
    return Setting(
        machine=machine,
        law=law,
        chip=family,
        link=link,
        chips_per_node=machine.node.accelerators,
        narrow=host and machine.node.accelerators <= _WIDE,
        peak_flop_s=peak,
        memory_b=memory,
        assumed=(_kernel_said(family, chip.name), where),
    )


def _of_processors(machine: Machine, law: HplLaw, link: Link) -> Setting:
    processor, sockets = machine.processor, machine.node.processors
    family = law.processor(processor.title)
    if processor.clock_hz is None or family.flop_per_cycle is None:
        raise CatalogueError(
            f"{machine.name}: the clock of '{processor.name}' is not known: a file of the processor with "
            "'clock' would let HPL be estimated"
        )
    node_b = machine.node.memory_b
    memory = node_b / sockets if node_b else processor.memory_b
    where = (
        f"matrix in the {memory / 1e9:.0f} GB of each socket"
        if memory
        else f"memory not known: a matrix of {(family.matrix_b or 0.0) / 1e9:.0f} GB a socket, the median of "
        f"the family, and at most {law.host_memory_b / 1e12:.3g} TB a node"
    )
    return Setting(
        machine=machine,
        law=law.of_processors(),
        chip=family,
        link=link,
        chips_per_node=sockets,
        narrow=False,
        peak_flop_s=processor.cores * processor.clock_hz * family.flop_per_cycle,
        memory_b=memory,
        assumed=(
            f"{processor.cores} cores at {processor.clock_hz / 1e9:.3g} GHz, {family.flop_per_cycle} FLOP a "
            f"cycle; {_kernel_said(family, processor.name)}",
            where,
        ),
    )


def _kernel_said(family: Chip, name: str) -> str:
    if family.machines:
        many = f"{family.machines} machines" if family.machines > 1 else "one machine"
        return f"{family.family}: {family.kernel_frac:.0%} of the FP64 peak in the update, fitted on {many}"
    return (
        f"'{name}' was never measured: {family.kernel_frac:.0%} of the FP64 peak in the update, the middle "
        "of all families, within their wide band"
    )


def _interconnect(machine: Machine) -> tuple[str, str]:
    """Return the words that name the network of `machine`, and where they stand."""
    for number in machine.file.top500_ids:
        row = lists.find(f"top500:{number}")
        if row is not None and row.interconnect:
            return row.interconnect, f"'{row.interconnect}' on the list"
    if machine.network is not None:
        text = f"{machine.network.family} {machine.network.name}"
        return text, f"'{machine.network.name}' of the catalogue"
    node = machine.node
    each_b_s = (node.nic_b_s or 0.0) * node.nics / max(node.accelerators, 1)
    fits = next((words for rate, words in _BY_RATE if each_b_s >= rate), "")
    if fits:
        return fits, f"taken for {fits}: adapters of {each_b_s / 1e9:.3g} GB/s for each chip"
    return "", "not known"


def _memory_b(machine: Machine, chip: Chip) -> tuple[float | None, str]:
    """Return the memory that the matrix of one accelerator may use [B], and what it is."""
    device = machine.accelerator.memory_b if machine.accelerator else None
    if device is None:
        usual = (
            f"a matrix of {chip.matrix_b / 1e9:.0f} GB each, the median of the family"
            if chip.matrix_b
            else ""
        )
        return None, f"the memory of the accelerators is not known{': ' if usual else ''}{usual}"
    if not chip.host_memory:
        return device, f"matrix in the {device / 1e9:.0f} GB of the accelerators"
    given = machine.node.memory_b
    per_module = machine.processor.memory_b
    host = given / machine.node.accelerators if given else (per_module or 0.0)
    return (
        device + host,
        f"matrix in {device / 1e9:.0f} GB of the accelerator and {host / 1e9:.0f} GB of its host",
    )


def order_for(memory_b: float, chips: int, fill_frac: float) -> int:
    """Return the order whose matrix takes `fill_frac` of the memory of all chips."""
    order = int(math.sqrt(fill_frac * memory_b * chips / 8.0))
    return max(order - order % _STEP, 1)


def usual_order(found: Setting, chips: int) -> int | None:
    """Return the order that the lists show for so much memory; None where nobody says how much there is."""
    if found.memory_b is not None:
        return order_for(found.memory_b, chips, found.chip.fill_frac)
    if found.chip.matrix_b:
        return order_for(found.chip.matrix_b, chips, 1.0)
    return None


def check_fits(n: int, chips: int, found: Setting) -> None:
    """Refuse an order whose matrix does not fit.

    Raises
    ------
    InfeasibleError
        It does not; the message says by how much, and the largest that does.
    """
    need, have = 8.0 * float(n) ** 2, found.most_b * chips
    if need > have:
        hosts = " and their hosts" if found.machine.accelerator else ""
        raise InfeasibleError(
            f"{found.machine.name}: a matrix of order {n:,} takes {need / 1e12:,.1f} TB, "
            f"{(need - have) / 1e12:,.1f} TB more than the {have / 1e12:,.1f} TB of memory of "
            f"{chips:,} {found.word}s{hosts}; the largest order that fits is "
            f"{order_for(found.most_b, chips, 1.0):,}"
        )


__all__ = ["Setting", "check_fits", "order_for", "setting", "usual_order"]
