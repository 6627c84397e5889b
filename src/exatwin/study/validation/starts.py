"""Forecasts of starts beside the starts that logs recorded, as rows that `exatwin validate` scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial

from exatwin.foundation.errors import SpecError
from exatwin.study.starts.analogs import HELD
from exatwin.study.starts.backtest import sampled, simulated
from exatwin.study.starts.forecast_scores import HINDSIGHT, NARROWEST, PAST, Band, Scores, scores
from exatwin.study.validation.measured import Measured
from exatwin.study.validation.scores import Metric, Row, Validation
from exatwin.workload.traces import read_trace

JOBS = 2000
"""Jobs of a log that are forecast, at equal distances; the first quarter is only learned from."""
LOGS = {
    "starts-kth": ("traces/pwa/KTH-SP2-1996-2.1.swf.gz", "starts recorded on KTH-SP2"),
    "starts-gaia": ("traces/pwa/UniLu-Gaia-2014-1.swf.gz", "starts recorded on UniLu-Gaia"),
}
"""Where each log lies in a folder of measurements, and what is measured."""
GOAL = {"share": 0.05, "score": 1.0, "median": 1.0, "mean": 1.0}
_WORDS = (
    "how far the share of starts inside P10 to P90 is from 80 % (interval score, median and mean width over "
    "those of a constant guess that knows all waits)"
)


def _starts(name: str, measured: Measured) -> Validation:
    path, title = LOGS[name]
    if measured.folder is None or not (measured.folder / path).is_file():
        raise SpecError(f"'{name}' needs the log {path}: name its folder with --data")
    trace = read_trace(measured.folder / path)
    assert trace.processors is not None
    jobs = trace.jobs
    rows = sampled(jobs, JOBS)
    past = simulated(jobs, trace.processors, rows)
    first = len(rows) // 4
    found, low, high = scores(past, first)
    told = []
    for k, row in enumerate(rows[first:]):
        wait, said = float(past.wait_s[first + k]), (float(low[k]), float(high[k]))
        outside = max(said[0] - wait, wait - said[1], 0.0)
        sent = trace.origin + timedelta(seconds=int(jobs.submit_s[row]))
        what = f"{jobs.nodes[row]} processors, {jobs.limit_s[row] / 3600:.3g} h, {sent:%Y-%m-%dT%H:%M}"
        nearest = min(max(wait, said[0]), said[1])
        told.append(Row(str(jobs.job_id[row]), what, wait, nearest, outside / max(wait, 60.0)))
    return Validation(
        name, title, "s", tuple(told), goal=GOAL, metric=_metric(found), remarks=tuple(_remarks(found))
    )


def _metric(found: Scores) -> Metric:
    guess = found.guess[HINDSIGHT]

    def figures(rows: Sequence[Row], errors: Sequence[float]) -> dict[str, float]:
        return {
            "share": abs(found.band.held_frac - HELD),
            "score": found.band.interval_s / guess.interval_s,
            "median": found.band.median_width_s / guess.median_width_s,
            "mean": found.band.mean_width_s / guess.mean_width_s,
        }

    return Metric("band of starts", _WORDS, figures, ("wait", "nearest said", "outside"))


def _remarks(found: Scores) -> Iterator[str]:
    """Yield what the bands did, and constant guesses beside them, in words."""
    (low, high), (least, most) = found.guess_s, found.narrowest_s
    yield f"our bands: {_told(found.band)}"
    yield f"constant guess from {low:,.0f} to {high:,.0f} s, all waits known: {_told(found.guess[HINDSIGHT])}"
    yield f"constant guess from the waits that were over by then: {_told(found.guess[PAST])}"
    yield (
        f"constant guess from {least:,.0f} to {most:,.0f} s, the shortest in hindsight that holds as many: "
        f"{_told(found.guess[NARROWEST])}"
    )
    yield f"{found.narrower_frac:.0%} of our bands are narrower than the guess that knows all waits"
    for who, pair in (("nobody", found.alone), ("somebody", found.behind)):
        if pair is not None:
            yield (
                f"jobs before which {who} waits who asks for no more: {_told(pair[0])}; the guess holds "
                + (f"{pair[1].held_frac:.1%} of them")
            )
    ours, theirs = (
        " and ".join(f"{value:,.0f}" for value in each) for each in (found.error_s, found.guess_error_s)
    )
    yield f"P50 is off by {ours} s (median and mean), the median of all waits by {theirs} s"
    ours, theirs = (
        ", ".join(f"{value:,.0f}" for value in each) for each in (found.pinball_s, found.guess_pinball_s)
    )
    yield f"pinball loss at P10, P50, P90 {ours} s, of the guess that knows all waits {theirs} s"
    yield "worse than a constant guess: " + ("; ".join(found.worse()) or "nothing of this")
    yield "each forecast is made at a submission, from what had ended, run and waited by then"


def _told(band: Band) -> str:
    return (
        f"{band.held_frac:.1%} of {band.jobs:,} starts, width {band.mean_width_s:,.0f} s (median "
        f"{band.median_width_s:,.0f} s), interval score {band.interval_s:,.0f} s"
    )


MODELS: dict[str, Callable[[Measured], Validation]] = {name: partial(_starts, name) for name in LOGS}

__all__ = ["GOAL", "JOBS", "LOGS", "MODELS"]
