"""The calibrated numbers of HPL: by family of chip, link and node, with what the fit left out and why."""

from __future__ import annotations

from functools import cache
from typing import Literal

from exatwin.catalogue.load import entry
from exatwin.foundation.spec import (
    Bytes,
    BytesPerSecond,
    Count,
    FlopPerSecond,
    Fraction,
    Ratio,
    Sourced,
    Spec,
)


class Chip(Spec):
    """A family of accelerators, or of processors in nodes without any, that share one kernel efficiency."""

    family: str
    """Name of the family."""
    accelerators: list[str] = []
    """Catalogue names of its members."""
    words: list[str] = []
    """Of processors: what names them in their titles; the first family that fits counts."""
    flop_per_cycle: Count | None = None
    """Of processors: FP64 operations of one core in a cycle, which with cores and clock make the peak."""
    kernel_frac: Ratio
    """Rate of the update of the trailing matrix under the family's power, relative to the FP64 peak."""
    reference_flop_s: FlopPerSecond | None = None
    """What ``kernel`` is relative to where the catalogue has no FP64 peak of the chip."""
    machines: Count
    """Machines that the value was fitted on."""
    fill_frac: Fraction
    """Median share of the memory that the matrices of the lists take."""
    matrix_b: Bytes | None = None
    """Median matrix on one of its chips: the order where nobody says how much memory there is."""
    host_memory: bool = False
    """Whether the matrix may live in the host's memory too (superchips with a coherent link)."""
    memory_is_host: bool = False
    """Whether the accelerator's memory is all there is: no host memory beside it."""
    error_frac: Ratio
    """Median absolute error of Rmax over these machines, each left out in turn."""
    low_frac: Ratio
    """Tenth percentile of measured over predicted Rmax: of the family, or of all if its machines are few."""
    high_frac: Ratio
    """Ninetieth percentile of it."""


class Link(Spec):
    """A family of networks as one accelerator sees it."""

    family: str
    """Name of the family."""
    words: list[str]
    """What names it in the text of the lists, begun with ';' here; the first family that fits counts."""
    line_b_s: BytesPerSecond
    """Line rate of the adapter of one accelerator, one direction."""
    achieved_frac: Ratio
    """Bandwidth that the exchange achieves relative to the line rate: rails and contention included."""


class LeftOut(Spec):
    """A row of the lists that no fit and no score uses."""

    id: str
    """Identifier of the system on top500.org."""
    edition: str = ""
    """Edition, where only one of several rows of the system is meant."""
    name: str
    """Name on the list."""
    reason: str
    """Why."""


class HplLaw(Sourced):
    """What no datasheet gives of HPL, and the scatter that its validation found."""

    name: str
    """Catalogue name."""
    title: str
    """Name for people."""
    volume: Ratio
    """Exposed exchange of one accelerator in units of ``8 N² / sqrt(P)`` bytes."""
    half_order: Ratio
    """Local order ``N / sqrt(P)`` at which panels and short updates take as long as the full ones."""
    spread_frac: Fraction
    """Spread of the speed of chips; all wait for the slowest."""
    processor_volume: Ratio
    """The same as ``volume`` for the sockets of nodes without accelerators."""
    processor_half_order: Ratio
    """The same as ``half_order`` for these sockets."""
    narrow_rate: Ratio
    """Rate in nodes of at most four accelerators with a host, relative to wider ones."""
    air_power: Ratio
    """Power in nodes that are not cooled by liquid relative to what the node power law says."""
    host_memory_b: Bytes
    """Memory of a node's host where nobody says: bounds the order, not the default."""
    liquid_words: list[str]
    """Words in product names that mean nodes cooled by liquid."""
    chips: list[Chip]
    """Families of accelerators."""
    other_chip: Chip
    """What stands for an accelerator that was never measured: the middle of all families, with their band."""
    processors: list[Chip]
    """Families of processors in nodes without accelerators; the last one takes the rest."""
    links: list[Link]
    """Families of networks."""
    power_low_frac: Ratio
    """Tenth percentile of measured over predicted power, each machine left out in turn."""
    power_high_frac: Ratio
    """Ninetieth percentile of it."""
    processor_power_low_frac: Ratio
    """The same tenth percentile for nodes without accelerators, whose power laws have their own fit."""
    processor_power_high_frac: Ratio
    """Ninetieth percentile of it."""
    rmax_regression: list[Fraction]
    """Median and 90th percentile of the errors of a plain regression of Rmax on family, N and size."""
    power_regression: list[Fraction]
    """The same for the power."""
    left_out: list[LeftOut]
    """Rows of the lists left out, and why."""
    notes: list[str] = []
    """What a careful reader should know."""

    def chip(self, accelerator: str) -> Chip:
        """Return the family of the accelerator with the catalogue name `accelerator`."""
        return next((chip for chip in self.chips if accelerator in chip.accelerators), self.other_chip)

    def processor(self, title: str) -> Chip:
        """Return the family of the processor that people call `title`."""
        lower = title.lower()
        return next(
            (chip for chip in self.processors if any(word in lower for word in chip.words)),
            self.processors[-1],
        )

    def link(self, text: str) -> Link:
        """Return the family of the network that `text` names; the last one, ``other``, takes the rest."""
        lower = ";" + text.lower().replace("-", " ")
        return next(
            (link for link in self.links if any(word in lower for word in link.words)), self.links[-1]
        )

    def cooling(self, model: str) -> Literal["liquid", "air"]:
        """Return how nodes of the product `model` are cooled, as far as its name tells."""
        lower = model.lower()
        return "liquid" if any(word in lower for word in self.liquid_words) else "air"

    def of_processors(self) -> HplLaw:
        """Return the law with the overheads of nodes without accelerators."""
        return self.model_copy(
            update={"volume": self.processor_volume, "half_order": self.processor_half_order}
        )

    def why_left_out(self, system: str, edition: str) -> str:
        """Return why the row of `system` in `edition` is left out; blank where it is scored."""
        for row in self.left_out:
            if row.id == system and row.edition in ("", edition):
                return row.reason
        return ""


@cache
def hpl_law() -> HplLaw:
    """Return the calibration that ships."""
    found: HplLaw = entry(HplLaw, "apps", "hpl")
    return found


__all__ = ["Chip", "HplLaw", "LeftOut", "Link", "hpl_law"]
