"""The parts that machines are made of: accelerators, processors, nodes, networks."""

from __future__ import annotations

from exatwin.foundation.spec import (
    Bytes,
    BytesPerSecond,
    Count,
    FlopPerSecond,
    Hertz,
    PositiveCount,
    Sourced,
    Watts,
)


class Accelerator(Sourced):
    """One accelerator package (a GPU, or the GPU half of a superchip)."""

    name: str
    """Catalogue name, such as ``gh200-96``."""
    title: str
    """Name for people."""
    vendor: str
    """Who makes it."""
    family: str
    """Chips that share one calibration, such as ``hopper``."""
    status: str = "shipping"
    """``shipping`` or ``announced``."""
    units: Count | None = None
    """Streaming multiprocessors or compute units, as TOP500 counts them."""
    devices: PositiveCount = 1
    """Devices that programs see in one package: a rank of a training run holds one of them."""
    device: str = ""
    """What such a device is called, where a package has several."""
    peak: dict[str, FlopPerSecond] = {}
    """Dense peak by precision: fp64, fp64_tensor, fp32, tf32, bf16, fp8, fp4."""
    product_flop_s: FlopPerSecond | None = None
    """Fastest 16-bit matrix product that somebody measured; only needed on chips that no fit has seen."""
    memory_b: Bytes | None = None
    """Device memory."""
    memory_b_s: BytesPerSecond | None = None
    """Bandwidth of the device memory."""
    tdp_w: Watts | None = None
    """Rated power of the package."""
    idle_w: Watts | None = None
    """Power at rest, where somebody measured it."""
    link_b_s: BytesPerSecond | None = None
    """Bandwidth to the other accelerators of the node, both directions together."""
    power_law: str = ""
    """Catalogue name of the power law of its nodes, that of the nearest chip where it has none of its own."""
    list_names: list[str] = []
    """Its names on the lists."""

    notes: list[str] = []
    """What a careful reader should know."""

    def peak_flop_s(self, precision: str) -> float | None:
        """Return the dense peak [FLOP/s]; ``fp64`` takes the tensor units where they are faster."""
        if precision == "fp64":
            known = [self.peak[key] for key in ("fp64", "fp64_tensor") if key in self.peak]
            return max(known) if known else None
        return self.peak.get(precision)


class Processor(Sourced):
    """One processor socket (or the CPU half of a superchip)."""

    name: str
    """Catalogue name, such as ``grace-72``."""
    title: str
    """Name for people."""
    vendor: str
    """Who makes it."""
    family: str
    """Chips that share one calibration."""
    status: str = "shipping"
    """``shipping`` or ``announced``."""
    cores: PositiveCount
    """Cores of the socket."""
    clock_hz: Hertz | None = None
    """Base clock."""
    peak: dict[str, FlopPerSecond] = {}
    """Peak by precision."""
    memory_b: Bytes | None = None
    """Memory attached to the socket, where the part fixes it."""
    memory_b_s: BytesPerSecond | None = None
    """Memory bandwidth of the socket."""
    tdp_w: Watts | None = None
    """Rated power of the socket."""
    idle_w: Watts | None = None
    """Power at rest, where somebody measured it."""

    notes: list[str] = []
    """What a careful reader should know."""

    def peak_flop_s(self, precision: str) -> float | None:
        """Return the peak [FLOP/s] in `precision`."""
        return self.peak.get(precision)


class NodeKind(Sourced):
    """One kind of node."""

    name: str
    """Catalogue name, such as ``xh3000-gh200``."""
    title: str
    """Name for people."""
    processor: str
    """Catalogue name of its processor."""
    processors: PositiveCount
    """Sockets in a node."""
    accelerator: str | None = None
    """Catalogue name of its accelerator."""
    accelerators: Count = 0
    """Accelerators in a node."""
    memory_b: Bytes | None = None
    """Host memory of the node."""
    nics: Count = 0
    """Network adapters; none where nobody says how many."""
    nic_b_s: BytesPerSecond | None = None
    """Bandwidth of one adapter in one direction."""
    network_b_s: BytesPerSecond | None = None
    """Bandwidth of the node into the network in one direction, where its adapters are not counted above."""
    link_domain: PositiveCount | None = None
    """Accelerators that share one fast link domain, where it spans nodes; blank for those of the node."""
    link_mesh: bool = False
    """Whether accelerators are linked pair by pair, so that each pair has only its share of the links."""
    module_cap_w: Watts | None = None
    """Power cap of one superchip module (accelerator, processor, memory), where the site sets one."""
    module_processor_cap_w: Watts | None = None
    """The processor's share of the module cap by default."""
    links_w: Watts = 0.0
    """Switches of the link domain inside the node, or its share of them, which no power law knows."""
    power_law: str
    """Catalogue name of the law that gives its watts."""
    notes: list[str] = []
    """What a careful reader should know."""

    @property
    def injection_b_s(self) -> float:
        """The bandwidth of the node into the network in one direction [B/s]; 0 where nobody says."""
        return self.network_b_s or self.nics * (self.nic_b_s or 0.0)


class Network(Sourced):
    """One kind of interconnect as a machine installs it."""

    name: str
    """Catalogue name, such as ``jupiter-ndr``."""
    title: str
    """Name for people."""
    topology: str
    """``dragonfly+``, ``dragonfly``, ``fat-tree``, ``torus``, ``nvlink-domain``."""
    family: str
    """Networks that share one calibration, such as ``infiniband-ndr`` or ``slingshot-11``."""
    groups: Count | None = None
    """Groups of the dragonfly."""
    nodes_per_switch: Count | None = None
    """Nodes on one leaf switch."""
    adapters_per_group: PositiveCount | None = None
    """Adapters of one group of a dragonfly, or pod of a fat tree, inside which no link is shared."""
    switches: Count | None = None
    """Switches in all."""
    taper: float | None = None
    """Bandwidth out of a group over that of its adapters."""
    notes: list[str] = []
    """What a careful reader should know."""
