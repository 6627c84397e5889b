"""Read the STATE of a forecast: squeue, an instant of a log, or an instant of a result."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from exatwin.foundation.errors import SpecError
from exatwin.study.scenario import Scenario
from exatwin.study.starts.own_rules import place_of, rule_of
from exatwin.study.starts.standing_state import MachineState, fitted
from exatwin.study.starts.state_of_log import MACHINE, of_log, with_history
from exatwin.study.starts.state_of_result import of_result
from exatwin.study.starts.state_parts import files_of, mix_before, released, unresolved
from exatwin.workload.snapshot import read_snapshot
from exatwin.workload.usage import shipped_usage

_LOG = re.compile(r"(^|[|,\t])(end|endtime|elapsedraw)([|,\t]|$)", re.IGNORECASE)


def read_state(
    path: str | Path,
    *,
    at: datetime | str | None = None,
    machine: str | None = None,
    history: str | Path | None = None,
    scenario: Scenario | None = None,
    processors_per_node: int | None = None,
    timezone: str = "UTC",
) -> MachineState:
    """Return the machine at the instant that the files tell of.

    Parameters
    ----------
    path
        The output of ``squeue`` (text or JSON), a log (sacct text, SWF, Parquet), or the folder of a result.
    at
        The instant of a log or result, ISO 8601; without a zone UTC.
    machine
        Its name, a file, or its number of nodes; a result and SWF bring their own.
    history
        A log of the machine up to the snapshot: of run times, arrivals, and errors of forecasts.
    scenario
        Brings the rules of scheduling; by default those of a result, else first come first served with EASY.

    Raises
    ------
    SpecError
        What is asked does not exist or does not fit.
    TraceError
        A file can't be used.
    """
    where = Path(path)
    moment = _moment(at)
    if where.is_dir():
        found = of_result(where, moment, scenario)
    elif moment is not None:
        found = of_log(where, moment, machine, scenario, processors_per_node, timezone)
    else:
        _refuse_logs(where)
        found = _of_snapshot(where, machine, scenario)
    if history is not None:
        found = with_history(found, Path(history), processors_per_node, timezone)
    return found


def _moment(at: datetime | str | None) -> datetime | None:
    if isinstance(at, str):
        try:
            at = datetime.fromisoformat(at.strip())
        except ValueError:
            raise SpecError(f"--at {at}: expected a time in ISO 8601, such as 2026-06-04T12:00") from None
    if at is None:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _refuse_logs(path: Path) -> None:
    """Refuse a log without an instant: it is no snapshot."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError:
        return  # read_snapshot says it better
    first = next((line for line in head.decode("utf-8", "replace").splitlines() if line.strip()), "")
    packed = head.startswith((b"PAR1", b"\x1f\x8b"))
    if packed or first.lstrip().startswith(";") or _LOG.search(first.strip()):
        raise SpecError(
            f"{path}: is a log, expected the output of squeue; or name an instant of it with --at"
        )


def _of_snapshot(path: Path, machine: str | None, scenario: Scenario | None) -> MachineState:
    found = read_snapshot(path)
    place = place_of(machine, scenario)
    if place is None:
        raise SpecError(f"{path}: does not say how large its machine is: {MACHINE}")
    jobs, notes = fitted(found.jobs, found.partitions, place, found.held)
    files = files_of(scenario)
    jobs, more = released(jobs, found.follows, files)
    rule, told = rule_of(scenario, place)
    past, past_at_s, comes = mix_before(place, found.at, scenario, apart=True)
    return MachineState(
        place=place, jobs=jobs, at=found.at, usage=shipped_usage(), past=past, past_at_s=past_at_s, rule=rule,
        own=False, history=False,
        basis=("run times: shares of the limit on four recorded machines", comes, told),
        notes=(*unresolved(found.notes), *notes, *more), users=found.users,
        accounts=found.accounts, qos=found.qos,
        follows=found.follows, files=files,
    )  # fmt: skip


__all__ = ["read_state"]
