"""What HPL, HPCG and HPL-MxP take on a machine, or on so many nodes of one kind."""

from __future__ import annotations

from exatwin.catalogue import lists
from exatwin.catalogue.generic import of_kind
from exatwin.catalogue.listed_nodes import machine_with_nodes
from exatwin.catalogue.load import names
from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import CatalogueError, SpecError, nearest
from exatwin.study.estimate import LIST_BOUNDARY, Estimate, product_range
from exatwin.workload.apps.hpcg import Hpcg, hpcg
from exatwin.workload.apps.hpl import Hpl, hpl
from exatwin.workload.apps.hpl_mxp import hpl_mxp, hpl_mxp_law


def located(
    name: str, nodes: int | None = None, accelerators: int | None = None
) -> tuple[Machine, int | None]:
    """Return the machine called `name`, and how many of its nodes are asked for; None for all.

    Parameters
    ----------
    name
        A machine, or a kind of node: then a machine of as many as are asked for.
    accelerators
        Another way to say how many nodes.

    Raises
    ------
    CatalogueError
        There is neither such a machine nor such a kind of node.
    SpecError
        The accelerators fill no whole number of nodes, or a kind of node is named without any number.

    Examples
    --------
    >>> machine, nodes = located("dgx-h100", accelerators=512)
    >>> machine.accelerators, nodes
    (512, 64)
    """
    if name in names("nodes") and name not in names("machines"):
        if nodes is None and accelerators is None:
            raise SpecError(f"'{name}' is a kind of node: give --nodes or --accelerators")
        wanted = _nodes_of(of_kind(name, 1), nodes, accelerators) or 1
        return of_kind(name, wanted), wanted
    try:
        found = machine_with_nodes(name)
    except CatalogueError as error:
        hint = nearest(name, names("nodes"))
        if "unknown machine" in str(error) and "did you" not in str(error) and "did you" in hint:
            raise CatalogueError(f"unknown machine '{name}': {hint}") from None
        raise
    return found, _nodes_of(found, nodes, accelerators)


def _nodes_of(machine: Machine, nodes: int | None, accelerators: int | None) -> int | None:
    if accelerators is None:
        return nodes
    each = machine.node.accelerators
    if not each:
        raise SpecError(f"--accelerators {accelerators}: '{machine.name}' has none, give --nodes")
    wanted, rest = divmod(accelerators, each)
    if rest:
        choice = f"{wanted * each} or {(wanted + 1) * each}" if wanted else f"{each}"
        raise SpecError(f"--accelerators {accelerators}: nodes of '{machine.name}' hold {each}, try {choice}")
    if nodes not in (None, wanted):
        raise SpecError(f"--nodes {nodes}: {accelerators} accelerators of '{machine.name}' fill {wanted}")
    return wanted


def estimate_hpl(
    machine: str, *, nodes: int | None = None, accelerators: int | None = None, n: int | None = None
) -> Estimate:
    """Return what HPL takes on a machine.

    Parameters
    ----------
    machine
        A catalogue name, an exact name on the lists, ``top500:<id>``, a kind of node, or the path of a file.
    nodes
        Nodes of the run; by default all.
    accelerators
        The same in accelerators.
    n
        Order of the matrix; by default as much memory as the lists show for the chip.

    Raises
    ------
    CatalogueError
        The machine is unknown, or too little is known of its chips.
    InfeasibleError
        The machine has fewer nodes, or the matrix does not fit.
    SpecError
        The accelerators fill no whole number of nodes.

    Examples
    --------
    >>> found = estimate_hpl("jupiter", n=22_536_192)
    >>> found.values["rmax_flop_s"] > 1e18
    True
    """
    where, nodes = located(machine, nodes, accelerators)
    run = hpl(Hpl(nodes=nodes, n=n), where)
    (low, high), watts = run.rmax_range_flop_s, run.power_range_w
    work = run.rmax_flop_s * run.time_s
    return Estimate(
        app="hpl",
        machine=where,
        nodes=run.nodes,
        values={
            "rmax_flop_s": run.rmax_flop_s,
            "n": run.n,
            "time_s": run.time_s,
            "power_w": run.power_w,
            "flop_per_j": run.flop_per_j,
            "energy_j": run.energy_j,
            "matrix_b": run.matrix_b,
        },
        interval={
            "rmax_flop_s": (low, high),
            "time_s": (work / high, work / low),
            "power_w": watts,
            "energy_j": product_range(
                (work / high, run.time_s, work / low), (watts[0], run.power_w, watts[1])
            ),
        },
        interval_basis=(
            "10th to 90th percentile of measured over predicted on the listed machines, each left out of the "
            "fit in turn: for Rmax those with chips of the family where there are ten, for power all; for "
            "energy, cost and carbon both errors as if independent, nothing for price and grid"
        ),
        assumptions=(*run.assumptions, *_assumed_nodes(where)),
        boundary=LIST_BOUNDARY,
        asked={"nodes": run.nodes, "n": run.n},
        extra={
            "phases_s": run.phases_s,
            "ranks": {"top500": lists.ranks(run.rmax_flop_s), "green500": lists.green_ranks(run.flop_per_j)},
        },
    )


def _assumed_nodes(machine: Machine) -> tuple[str, ...]:
    counted = machine.node.facts.get("accelerators") or machine.node.facts.get("processors")
    said = counted.note if counted is not None else ""
    return (f"the list counts no nodes, {said}",) if said.startswith("assumed") else ()


def estimate_hpcg(machine: str, *, nodes: int | None = None, accelerators: int | None = None) -> Estimate:
    """Return what HPCG gives on a machine; parameters and errors as for :func:`estimate_hpl`."""
    where, nodes = located(machine, nodes, accelerators)
    run = hpcg(Hpcg(nodes=nodes), where)
    return Estimate(
        app="hpcg",
        machine=where,
        nodes=run.nodes,
        values={
            "flop_s": run.flop_s,
            "time_s": run.time_s,
            "power_w": run.power_w,
            "flop_per_j": run.flop_s / run.power_w,
            "energy_j": run.power_w * run.time_s,
        },
        interval={"flop_s": run.flop_range},
        interval_basis=(
            "10th to 90th percentile of measured over predicted on the listed machines, each left out of the "
            "fit in turn; none for the power, which was never validated"
        ),
        assumptions=(*run.assumptions, *_assumed_nodes(where)),
        boundary=LIST_BOUNDARY,
        asked={"nodes": run.nodes},
    )


def estimate_hpl_mxp(machine: str, *, nodes: int | None = None, accelerators: int | None = None) -> Estimate:
    """Return what HPL-MxP gives on a machine; parameters and errors as for :func:`estimate_hpl`."""
    where, nodes = located(machine, nodes, accelerators)
    run, law = hpl_mxp(nodes, where), hpl_mxp_law()
    pairs = " and ".join(pair.name for pair in law.pairs)
    power = run.hpl.power_w
    return Estimate(
        app="hpl-mxp",
        machine=where,
        nodes=run.hpl.nodes,
        values={
            "flop_s": run.flop_s,
            "n": run.hpl.n,
            "time_s": run.time_s,
            "power_w": power,
            "flop_per_j": run.flop_s / power,
            "energy_j": power * run.time_s,
        },
        interval={"flop_s": (run.low_flop_s, run.high_flop_s)},
        interval_basis=(
            f"a band for four of five machines from {len(law.pairs)} published pairs ({pairs}), no more is "
            f"known; the error of HPL itself comes on top"
        ),
        assumptions=(
            run.said,
            "order, and power, as in HPL; no published power tests it",
            *run.hpl.assumptions,
            *_assumed_nodes(where),
        ),
        boundary=LIST_BOUNDARY,
        asked={"nodes": run.hpl.nodes},
        extra={"hpl_flop_s": run.hpl.rmax_flop_s},
    )


__all__ = ["estimate_hpcg", "estimate_hpl", "estimate_hpl_mxp", "located"]
