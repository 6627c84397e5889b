"""Fit the constants of climate models to measured runs, and find how wrong they are.

Usage::

    python scripts/fit_climate.py DATA_FOLDER

Reads `climate_measurements.csv` of the folder, as `climate-series.toml` says. Writes, in
`src/exatwin/catalogue/data/calibration`, the table with an id for each row (`climate-runs.csv`), the
constants and their bands (`climate.toml`) and errors by row of fits that had not seen it
(`climate-errors.csv`).
Then run `record_validation.py`.
"""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from pathlib import Path

import numpy as np

from exatwin.catalogue.climate_calibration import climate_reading
from exatwin.study.validation.climate_rows import (
    Line,
    Point,
    Volume,
    by_series,
    constants_of,
    output_law,
    predicted,
    read_lines,
    read_points,
    read_volumes,
    small_and_large,
)
from exatwin.workload.apps.climate_law import SHARED, step_parts

TARGET = Path(__file__).resolve().parents[1] / "src/exatwin/catalogue/data/calibration"
SOURCE = 'source = "RUNS", quality = "fitted"'
Constants = Mapping[str, float]


def fitted(found: Mapping[str, Sequence[Point]]) -> dict[str, dict[str, float]]:
    """Return the constants of each series; one with a single point borrows the shape of another."""
    constants = {}
    for name, points in found.items():
        rules = points[0].rules
        if not rules.like:
            constants[name] = constants_of(rules, points)
    for name, points in found.items():
        rules = points[0].rules
        if rules.like:
            still = {k: v for k, v in constants[rules.like].items() if k not in SHARED}
            constants[name] = anchored(still, points[0])
    return constants


def anchored(still: Constants, point: Point) -> dict[str, float]:
    """Return constants that meet one point, with what does not shrink given by `still`."""
    rest = point.step_s - sum(step_parts(still, point.work).values())
    return {**still, "cell": rest / (point.work.columns * point.work.levels / point.work.units)}


def unseen(points: Sequence[Point]) -> Iterator[tuple[str, str, float]]:
    """Yield id, kind of fit and error of points that a fit had not seen.

    ``each`` is left out in turn; ``larger`` are those of the largest size, by a fit to all smaller ones;
    ``further`` the same by a fit without the second largest size.
    """
    rules = points[0].rules
    if len(points) <= len(rules.terms) or rules.like:
        return
    for point in points:
        try:
            constants = constants_of(rules, [other for other in points if other is not point])
        except ValueError:
            continue
        yield point.id, "each", predicted(constants, point) / point.sdpd - 1.0
    small, large = small_and_large(points)
    for kind in ("larger", "further"):
        try:
            constants = constants_of(rules, small)
        except ValueError:
            return
        for point in large:
            yield point.id, kind, predicted(constants, point) / point.sdpd - 1.0
        small, _ = small_and_large(small)


def unseen_volumes(volumes: Sequence[Volume]) -> Iterator[tuple[str, str, float]]:
    """Yield the same of output volumes."""
    for model in sorted({volume.model for volume in volumes}):
        own = [volume for volume in volumes if volume.model == model]
        for volume in own:
            law = output_law([other for other in own if other is not volume])
            yield volume.id, "output", (law[0] + law[1] * volume.columns) / volume.day_b - 1.0


def across(found: Mapping[str, Sequence[Point]], constants: Mapping[str, Constants]) -> list[float]:
    """Return measured over predicted throughput by another device of the same kind, by bandwidth."""
    ratios = []
    rules = {each.name: each for each in climate_reading().series}
    for one, other in permutations(constants, 2):
        a, b = rules[one], rules[other]
        if (a.model, a.kind, a.unit) != (b.model, b.kind, b.unit) or a.device == b.device:
            continue
        speed = a.unit_b_s / b.unit_b_s
        moved = {k: v * (speed if k in SHARED else 1.0) for k, v in constants[one].items()}
        each = [math.log(point.sdpd / predicted(moved, point)) for point in found[other]]
        ratios.append(math.exp(float(np.mean(each))))
    return ratios


def spread(ratios: Sequence[float]) -> tuple[float, float]:
    """Return a range around 1, as wide to both sides, that four of five ratios lie in if they are normal."""
    width = 1.2816 * float(np.sqrt(np.mean(np.log(ratios) ** 2)))
    return math.exp(-width), math.exp(width)


def _fact(value: float | int | str, quality: str = SOURCE) -> str:
    text = f'"{value}"' if isinstance(value, str) else f"{value:.5g}" if isinstance(value, float) else value
    return f"{{ value = {text}, {quality} }}"


def _largest(points: Sequence[Point]) -> Point:
    return max(points, key=lambda point: point.work.units)


def _series(name: str, points: Sequence[Point], constants: Constants) -> Iterator[str]:
    measured = 'source = "RUNS", quality = "measured"'
    finest, most = min(points, key=lambda point: point.grid.spacing_km), _largest(points)
    yield from ("", "[[series]]", f'name = "{name}"')
    yield f"points = {_fact(len(points), measured)}"
    yield f"finest_km = {_fact(float(finest.grid.spacing_km), measured)}"
    yield f'finest = "{finest.grid.name}"'
    yield f"most_units = {_fact(int(most.work.units), measured)}"
    yield f'most = "{most.name}"'
    yield f"fewest_columns = {_fact(min(p.work.columns / p.work.units for p in points), measured)}"
    cells = max(p.work.columns * p.work.levels / p.work.units for p in points)
    yield f"most_cells = {_fact(cells, measured)}"
    yield "[series.constants]"
    yield from (f"{key} = {_fact(value)}" for key, value in constants.items() if value)


def document(
    found: Mapping[str, Sequence[Point]],
    constants: Mapping[str, Constants],
    errors: Sequence[tuple[str, str, float]],
    volumes: Sequence[Volume],
) -> Iterator[str]:
    """Yield the lines of the catalogue file."""
    yield "# Written by scripts/fit_climate.py: seconds of a step by part, see workload/apps/climate_law.py."
    yield 'name = "climate"'
    yield 'title = "Constants of climate models by device"'
    for name, points in found.items():
        yield from _series(name, points, constants[name])
    for model in sorted({volume.model for volume in volumes}):
        fixed, column = output_law([volume for volume in volumes if volume.model == model])
        yield from ("", "[[output]]", f'model = "{model}"')
        yield f"fixed = {_fact(f'{fixed / 1e6:.5g} MB')}"
        yield f"column = {_fact(f'{column / 1e3:.5g} kB')}"
    ratios = {
        kind: [1.0 / (1.0 + error) for _, of, error in errors if of == kind]
        for kind in ("larger", "further", "output")
    }
    ratios["device"] = across(found, constants)
    bands = {kind: (spread(each), len(each)) for kind, each in ratios.items()}
    for kind, ((low, high), rows) in bands.items():
        yield from ("", f"[bands.{kind}]", f"rows = {_fact(rows)}")
        yield from (f"low = {_fact(low)}", f"high = {_fact(high)}")
    yield from (
        "",
        "[sources.RUNS]",
        'title = "Published and own measurements, climate-runs.csv"',
    )


def write_runs(lines: Mapping[str, Line]) -> None:
    """Write the table with an id for each row."""
    columns = [name for name in next(iter(lines.values())) if name != "id"]
    with (TARGET / "climate-runs.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["id", *columns])
        out.writerows([id_, *(line[name] for name in columns)] for id_, line in lines.items())


def main(folder: Path) -> None:
    """Read, fit, write, and say how wrong the fits are."""
    lines = read_lines(folder / "climate_measurements.csv")
    write_runs(lines)
    points, _ = read_points(lines)
    volumes = list(read_volumes(lines))
    found = by_series(points)
    constants = fitted(found)
    errors = [each for points in found.values() for each in unseen(points)]
    errors += unseen_volumes(volumes)
    with (TARGET / "climate-errors.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["id", "fit", "left_out_error"])
        out.writerows((id_, kind, f"{error:+.4f}") for id_, kind, error in errors)
    text = "\n".join(document(found, constants, errors, volumes)) + "\n"
    (TARGET / "climate.toml").write_text(text, encoding="utf-8")
    for kind in ("each", "larger", "further", "output"):
        each = np.abs([error for _, of, error in errors if of == kind])
        print(f"{kind}: {len(each)} rows, median {np.median(each):.1%}, p90 {np.quantile(each, 0.9):.1%}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
