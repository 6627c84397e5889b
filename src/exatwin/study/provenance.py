"""Where a result comes from: who could make it again, and from what."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from exatwin.catalogue.load import data_folder
from exatwin.foundation.version import __version__
from exatwin.study.centre.asked import Asked
from exatwin.study.scenario import Scenario


def provenance(scenario: Scenario, wanted: Asked, jobs: int, command: str) -> dict[str, Any]:
    """Return the origin of the result of `scenario`.

    Parameters
    ----------
    wanted
        The jobs that were asked for, and what was dropped on the way.
    jobs
        Jobs in the result.
    command
        The command line that asked.
    """
    data = data_digest(scenario, wanted)
    identity = hashlib.sha256(f"{scenario.digest()} {data} {__version__}".encode()).hexdigest()
    trace = scenario.trace
    return {
        "id": identity[:12],
        "seed": scenario.seed,
        "version": __version__,
        "command": command,
        "scenario_digest": scenario.digest(),
        "data_digest": data,
        "start": wanted.start.isoformat(),
        "days": scenario.days if trace is None else None,
        "trace": trace.path if trace else None,
        "rows_read": wanted.rows_read if trace else jobs,
        "rows_skipped": wanted.rows_read - len(wanted.jobs) if trace else 0,
        "rows_by_reason": dict(wanted.notes),
        "notes": list(wanted.remarks),
    }


def data_digest(scenario: Scenario, wanted: Asked) -> str:
    """Return a digest of what the answer rests on beside the scenario: catalogue, files brought, jobs."""
    digest = hashlib.sha256(_catalogue_digest().encode())
    for path in _brought(scenario):
        digest.update(path.read_bytes())
    for _, values in wanted.jobs:
        digest.update(values.tobytes())
    waits = wanted.conditions.dependencies
    for values in () if waits is None else (waits.job, waits.on, waits.kind, waits.delays):
        digest.update(values.tobytes())
    return digest.hexdigest()[:16]


@cache
def _catalogue_digest() -> str:
    digest = hashlib.sha256()
    folder = data_folder()
    for path in sorted(item for item in folder.rglob("*") if item.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def _brought(scenario: Scenario) -> Iterator[Path]:
    """Yield the files that the scenario names."""
    named = (scenario.machine, scenario.site, scenario.weather, scenario.workload.mix)
    for name in (*named, scenario.market.tariff, scenario.market.prices):
        if name and Path(name).is_file():
            yield Path(name)
