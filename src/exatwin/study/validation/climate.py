"""Climate models beside measured runs: throughput, larger runs by smaller ones, and the volume of output."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from exatwin.catalogue.climate_calibration import climate_calibration
from exatwin.study.validation.climate_rows import Point, left_out, name_of, predicted
from exatwin.study.validation.measured import Measured
from exatwin.study.validation.scores import Row, Skipped, Validation, relative, table

REMARK = (
    "each code and device has constants of its own, fitted to two points or more; what is asked beyond the "
    "largest size widens its interval with every doubling"
)


def throughput(measured: Measured) -> Validation:
    """Simulated days each day of every run that the constants don't meet by construction."""
    rows, skipped = _rows(measured, "each")
    return Validation(
        "climate", "climate, simulated days a day", "1", tuple(rows), tuple(skipped),
        left_out_words="by a fit of its series without the row",
        remarks=(REMARK,),
    )  # fmt: skip


def scaling(measured: Measured) -> Validation:
    """The largest size of each series, predicted by a fit to the smaller ones.

    Of a user's table also larger runs than the fit has seen.
    """
    rows, _ = _rows(measured, "larger")
    new = _larger(measured)
    rows = [replace(row, left_out_error=row.error) if row.id in new else row for row in rows]
    found = climate_calibration().bands["further"]
    return Validation(
        "climate-scaling", "climate, largest size by smaller", "1",
        tuple(row for row in rows if row.left_out_error is not None), (),
        {"median": 0.12, "p90": 0.30},
        left_out_words="by a fit of its series to the smaller sizes",
        remarks=(
            f"without the second largest size too, four of five lie within {found.high - 1:.0%} of the "
            f"prediction ({found.rows} rows)",
            "series with no more points than constants can't take part: ICON on GH200, SCREAM, legoESM",
        ),
    )  # fmt: skip


def volumes(measured: Measured) -> Validation:
    """Bytes of a simulated day of the runs that tell their output."""
    laws = {law.model: law for law in climate_calibration().output}
    unseen = _left_out("output")
    rows = []
    for volume in measured.volumes:
        law = laws.get(volume.model)
        if law is not None:
            said = law.fixed_b + law.column_b * volume.columns
            rows.append(
                Row(
                    volume.id, volume.name, volume.day_b, said, relative(volume.day_b, said),
                    unseen.get(volume.id), volume.model,
                )
            )  # fmt: skip
    return Validation(
        "climate-output", "output of a simulated day", "B", tuple(rows), (), {"median": 0.03},
        left_out_words="by a fit without the row",
        remarks=(
            "one model; the table gives whole gigabytes of ten days, 12 % of the smallest",
            "a volume that is asked by its fields is counted, not modelled",
        ),
    )  # fmt: skip


MODELS: dict[str, Callable[[Measured], Validation]] = {
    "climate": throughput,
    "climate-scaling": scaling,
    "climate-output": volumes,
}


def _rows(measured: Measured, fit: str) -> tuple[list[Row], list[Skipped]]:
    points, reasons = measured.climate
    constants = {each.name: each.constants for each in climate_calibration().series}
    unseen, exact = _left_out(fit), left_out("climate-exact")
    skipped = [Skipped(id_, name_of(measured.climate_lines[id_]), why) for id_, why in reasons.items()]
    skipped += [Skipped(point.id, point.name, exact[point.id]) for point in points if point.id in exact]
    rows = [
        _row(point, constants[point.rules.name], unseen)
        for point in points
        if point.id not in exact and point.rules.name in constants
    ]
    return rows, skipped


def _row(point: Point, constants: Mapping[str, float], unseen: Mapping[str, float]) -> Row:
    said = predicted(constants, point)
    return Row(
        point.id, point.name, point.sdpd, said, relative(point.sdpd, said), unseen.get(point.id),
        point.rules.name,
    )  # fmt: skip


def _larger(measured: Measured) -> set[str]:
    """Return the ids of runs that are larger than all of their series that the fit has seen."""
    seen: dict[str, tuple[float, float]] = {}
    known = Measured()
    for point in known.climate[0]:
        columns, units = seen.get(point.rules.name, (0.0, 0.0))
        seen[point.rules.name] = max(columns, point.work.columns), max(units, point.work.units)
    found = set()
    for point in measured.climate[0]:
        columns, units = seen.get(point.rules.name, (0.0, 0.0))
        new = point.id not in known.climate_lines
        if new and (point.work.columns > columns or point.work.units > units):
            found.add(point.id)
    return found


def _left_out(fit: str) -> dict[str, float]:
    """Return the recorded errors of fits that have not seen the row, by id."""
    lines: Iterator[dict[str, str]] = table("calibration", "climate-errors.csv")
    return {line["id"]: float(line["left_out_error"]) for line in lines if line["fit"] == fit}


__all__ = ["MODELS"]
