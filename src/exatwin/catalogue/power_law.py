"""The law that gives the watts of a family of nodes: few physical numbers, shared by all its machines."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from exatwin.foundation.spec import Fraction, Ratio, Sourced, Spec, Watts


class LoadPhase(Spec):
    """One phase of a benchmark run: its share of the time and what it loads."""

    share_frac: Fraction
    """Share of the run; the phases add up to 1."""
    processor_frac: Fraction = 0.0
    """Utilisation of the processors."""
    accelerator_frac: Fraction = 0.0
    """Utilisation of the accelerators."""
    memory_frac: Fraction = 0.0
    """Utilisation of the memory bandwidth."""
    network_frac: Fraction = 0.0
    """Utilisation of the network."""


class PowerLaw(Sourced):
    """Watts of one node from its parts, at the meter that TOP500 and Green500 mean.

    Notes
    -----
    With utilisations ``u`` and the clock ``x`` (relative to nominal) the parts of a node draw::

        accelerator   idle + dynamic u φ(x)      each,  φ(x) = x (V(x) / V(1))²
        processor     idle + dynamic u           each,  at most its own cap
        memory        idle a socket + dynamic u a package
        network       idle + dynamic u           an adapter
        board         constant
        conversion    (1 / efficiency - 1) of all of these

    ``V(x) / V(1) = max(floor, 1 - slope (1 - x))``. The clock falls until the package keeps its cap. A
    package is a module (accelerator, its processor and their memory), an accelerator with its memory, or
    a processor. On nodes without accelerators the processor is what follows the clock.
    """

    name: str
    """Catalogue name, such as ``gh200``."""
    title: str
    """Name for people."""
    cap_scope: Literal["module", "accelerator", "processor"]
    """What the cap covers."""
    cap_w: Watts
    """Cap of one package, where the node's own file names none."""
    processor_cap_w: Watts | None = None
    """Most that one processor may draw: its share of a module, or its rated power beside an accelerator."""
    scales: bool = False
    """Whether watts follow the rated power of the parts at hand (generic laws): ``cap`` is the reference."""
    accelerator_idle_w: Watts = 0.0
    """One accelerator at rest, its memory included."""
    accelerator_dynamic_w: Watts = 0.0
    """Added by full use of the compute units at nominal clock, if no cap intervened."""
    processor_idle_w: Watts
    """One processor at rest."""
    processor_dynamic_w: Watts
    """Added by full use of its cores."""
    memory_idle_w: Watts = 0.0
    """Host memory of one processor at rest."""
    memory_dynamic_w: Watts = 0.0
    """Added by the full memory bandwidth of one package."""
    nics_per_accelerator: Ratio = 1.0
    """Adapters for one accelerator (or node without any) where the node's file does not count them."""
    nic_idle_w: Watts
    """One network adapter with its cable at rest."""
    nic_dynamic_w: Watts = 0.0
    """Added by its full bandwidth."""
    board_w: Watts
    """Board of one node: regulators at rest, management, local storage, and fans where there are any."""
    conversion_frac: Fraction
    """Watts at the parts for one watt at the meter: rack supply and board converters together."""
    switch_w: dict[str, Watts] = {}
    """One switch with its optics, always on, by network family; ``other`` for the rest."""
    switches_per_nic: dict[str, Ratio] = {}
    """Switches for one adapter, by network family, where the network's file does not count them."""
    voltage_slope_frac: Fraction
    """Relative fall of the voltage for the whole fall of the clock."""
    voltage_floor_frac: Fraction
    """Lowest voltage relative to nominal."""
    clock_min_frac: Fraction
    """Lowest clock relative to nominal."""
    hpl: list[LoadPhase] = []
    """The main phase of HPL, as the lists measure it."""
    hpl_compute_bound_frac: Fraction = 1.0
    """Share of HPL's time that stretches as the clock slows."""
    notes: list[str] = []
    """What a careful reader should know."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.hpl and abs(sum(phase.share_frac for phase in self.hpl) - 1.0) > 1e-9:
            raise ValueError("the shares of the phases of 'hpl' must add up to 1")
        if not self.conversion_frac > 0.5:
            raise ValueError("'conversion' is an efficiency: expected more than 0.5")
        if not self.clock_min_frac > 0.0 or not self.voltage_floor_frac > 0.0:
            raise ValueError("'clock_min' and 'voltage_floor' must be more than 0")
        if self.processor_cap_w is not None and self.processor_cap_w < self.processor_idle_w:
            raise ValueError("'processor_cap' must not be below 'processor_idle'")
        return self


__all__ = ["LoadPhase", "PowerLaw"]
