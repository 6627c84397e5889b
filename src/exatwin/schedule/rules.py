"""Which orders, backfills, placements and semantics there are, and which go together."""

from __future__ import annotations

from exatwin.foundation.errors import SpecError, nearest
from exatwin.schedule._kernel import layout
from exatwin.schedule.placement import placement_code
from exatwin.schedule.policies import POLICIES
from exatwin.schedule.slurm import MODES

BACKFILLS = {
    "none": layout.NO_BACKFILL,
    "easy": layout.EASY,
    "easy-sjbf": layout.EASY_SJBF,
    "conservative": layout.CONSERVATIVE,
}
MULTIFACTOR = "multifactor"
SEMANTICS = {"batch": layout.BATCH, "event": layout.EVENT}


def check_rule(
    policy: str, backfill: str, placement: str, semantics: str = "batch", *, centre: bool = False
) -> None:
    """Check that there is such an order, backfill and placement, and that they go together.

    Parameters
    ----------
    policy, backfill, placement, semantics
        As in :func:`exatwin.schedule.simulate.simulate`.
    centre
        Whether there are conditions that only the engine of a centre knows.

    Raises
    ------
    SpecError
        An unknown name, or things that do not go together.
    """
    names = [*BACKFILLS, "slurm"]
    placement_code(placement)
    code_of(SEMANTICS, semantics, "semantics")
    if backfill not in names:
        raise SpecError(f"unknown backfill '{backfill}': {nearest(backfill, names)}")
    slurm = backfill == "slurm"
    if centre or placement == "spread":
        _check_centre(backfill, semantics)
    if policy == MULTIFACTOR:
        if backfill not in MODES:
            raise SpecError(
                f"policy 'multifactor' does not go with backfill '{backfill}': expected {', '.join(MODES)}"
            )
    elif not slurm:
        POLICIES.get(policy)
        return
    elif POLICIES.get(policy).dynamic:
        static = ", ".join(name for name in POLICIES.names() if not POLICIES.get(name).dynamic)
        raise SpecError(f"policy '{policy}' does not go with backfill 'slurm': expected one of {static}")
    what = "backfill 'slurm'" if slurm else "policy 'multifactor'"
    if semantics == "event":
        raise SpecError(f"{what} has a timing of its own: expected no --compat event")


def _check_centre(backfill: str, semantics: str) -> None:
    what = "windows, failures, dependencies, limits, preemption, caps, holding and distance"
    if backfill not in MODES:
        raise SpecError(f"backfill '{backfill}' does not go with {what}: expected {', '.join(MODES)}")
    if semantics == "event":
        raise SpecError(f"--compat event does not go with {what}: expected batch, or nothing of these")


def code_of(codes: dict[str, int], name: str, kind: str) -> int:
    """Return the kernel's number for `name`.

    Raises
    ------
    SpecError
        There is no such name among `codes`.
    """
    if name not in codes:
        raise SpecError(f"unknown {kind} '{name}': {nearest(name, codes)}")
    return codes[name]
