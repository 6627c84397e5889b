"""HPL, its power, HPCG and HPL-MxP beside the lists."""

from __future__ import annotations

from collections.abc import Callable
from statistics import geometric_mean

from exatwin.catalogue.listed_nodes import machine_for
from exatwin.catalogue.lists import ListedMachine
from exatwin.catalogue.machine import Machine
from exatwin.foundation.errors import ExatwinError, SpecError
from exatwin.study.validation.measured import Measured
from exatwin.study.validation.scores import Row, Skipped, Validation, relative, table
from exatwin.workload.apps.hpcg import Hpcg, hpcg, hpcg_law
from exatwin.workload.apps.hpl import Hpl, HplRun, hpl
from exatwin.workload.apps.hpl_data import HplLaw, hpl_law
from exatwin.workload.apps.hpl_mxp import hpl_mxp_law

Both = tuple[float, float]
HIGH_LEVELS, LOW_LEVELS = "level 2 or 3", "level 1 or not told"


def hpl_rmax(measured: Measured) -> Validation:
    """Rmax of the listed machines for the N that they ran."""
    rows, skipped = _rmax(measured)
    return Validation(
        "hpl", "HPL Rmax, N given", "FLOP/s", rows, skipped, {"median": 0.05, "p90": 0.15},
        regression=_pair(hpl_law().rmax_regression),
    )  # fmt: skip


def _rmax(measured: Measured, fit: str = "hpl") -> tuple[tuple[Row, ...], tuple[Skipped, ...]]:
    law = hpl_law()
    return _scored(
        measured.listed,
        lambda row: row.rmax_tflops is not None,
        lambda row: (1e12 * (row.rmax_tflops or 0.0), _run(row, law).rmax_flop_s),
        "rmax_left_out_error_frac",
        fit,
    )


def hpl_power(measured: Measured) -> Validation:
    """Power of the listed machines under HPL."""
    law = hpl_law()
    rows, skipped = _scored(
        measured.listed,
        lambda row: row.power_kw is not None and row.rmax_tflops is not None,
        lambda row: (1e3 * (row.power_kw or 0.0), _run(row, law).power_w),
        "power_left_out_error_frac",
        group=lambda row: HIGH_LEVELS if (row.power_quality_level or 0) >= 2 else LOW_LEVELS,
    )
    return Validation(
        "hpl-power", "HPL power", "W", rows, skipped, {"median": 0.06, "p90": 0.15},
        regression=_pair(law.power_regression),
    )  # fmt: skip


def hpcg_rate(measured: Measured) -> Validation:
    """HPCG of the listed machines."""
    return Validation("hpcg", "HPCG", "FLOP/s", *_hpcg(measured, "hpcg"))


def hpl_of_processors(measured: Measured) -> Validation:
    """Rmax of the listed machines without accelerators for the N that they ran."""
    found = _rmax(measured, "hpl-cpu")
    return Validation("hpl-cpu", "HPL Rmax without accelerators, N given", "FLOP/s", *found)


def hpcg_of_processors(measured: Measured) -> Validation:
    """HPCG of the listed machines without accelerators."""
    return Validation("hpcg-cpu", "HPCG without accelerators", "FLOP/s", *_hpcg(measured, "hpcg-cpu"))


def _hpcg(measured: Measured, fit: str) -> tuple[tuple[Row, ...], tuple[Skipped, ...]]:
    law = hpcg_law()
    return _scored(
        measured.listed,
        lambda row: row.hpcg_tflops is not None,
        lambda row: (1e12 * (row.hpcg_tflops or 0.0), hpcg(Hpcg(), _machine(row), law).flop_s),
        "hpcg_left_out_error_frac",
        fit,
    )


def hpl_mxp_rate(measured: Measured) -> Validation:
    """HPL-MxP of the machines that published both results; two are too few for a score."""
    law = hpl_mxp_law()
    rows = []
    for pair in law.pairs:
        others = [other.hpl_mxp_flop_s / other.hpl_flop_s for other in law.pairs if other is not pair]
        unseen = geometric_mean(others) * pair.hpl_flop_s
        said = law.multiple()[0] * pair.hpl_flop_s
        rows.append(
            Row(
                f"mxp:{pair.name}", pair.name, pair.hpl_mxp_flop_s, said,
                relative(pair.hpl_mxp_flop_s, said),
                relative(pair.hpl_mxp_flop_s, unseen),
            )
        )  # fmt: skip
    return Validation(
        "hpl-mxp", "HPL-MxP, its HPL given", "FLOP/s", tuple(rows), scored=False,
        left_out_words="by the other pair",
        remarks=("two published pairs: they are shown, and too few to be scored", *law.notes),
    )  # fmt: skip


MODELS: dict[str, Callable[[Measured], Validation]] = {
    "hpl": hpl_rmax,
    "hpl-power": hpl_power,
    "hpcg": hpcg_rate,
    "hpl-cpu": hpl_of_processors,
    "hpcg-cpu": hpcg_of_processors,
    "hpl-mxp": hpl_mxp_rate,
}


def _pair(values: list[float]) -> dict[str, float]:
    return {"median": values[0], "p90": values[1]}


def _scored(
    listed: tuple[ListedMachine, ...],
    has: Callable[[ListedMachine], bool],
    both: Callable[[ListedMachine], Both],
    column: str,
    fit: str = "hpl",
    group: Callable[[ListedMachine], str] = lambda _: "",
) -> tuple[tuple[Row, ...], tuple[Skipped, ...]]:
    """Return the rows that a model predicts, and the others with reasons.

    Fits whose name ends in ``-cpu`` have the machines without accelerators.
    """
    found, skipped, law = [], [], hpl_law()
    accelerated = not fit.endswith("-cpu")
    recorded = {(line["id"], line["edition"]): line for line in table("apps", f"{fit}.csv")}
    for row in listed:
        if bool(row.accelerator_model) != accelerated or not has(row):
            continue
        key = row.top500_system_id, row.list_edition
        why = law.why_left_out(*key)
        try:
            if why:
                raise SpecError(why)
            value, said = both(row)
        except ExatwinError as error:
            reason = str(error).replace(f"{row.name} ", "").replace(f"(top500:{key[0]}): ", "")
            skipped.append(Skipped("-".join(key), row.name, reason))
            continue
        text = recorded.get(key, {}).get(column, "")
        out = float(text) if text else None
        found.append(Row("-".join(key), row.name, value, said, relative(value, said), out, group(row)))
    return tuple(found), tuple(skipped)


def _machine(row: ListedMachine) -> Machine:
    if row.accelerator_model and not row.accelerators:
        raise SpecError("the list gives no number of accelerators")
    return machine_for(row)


def _run(row: ListedMachine, law: HplLaw) -> HplRun:
    machine = _machine(row)
    if not row.nmax:
        raise SpecError("the list gives no N")
    return hpl(Hpl(n=row.nmax), machine, law)


__all__ = ["MODELS"]
