"""Why a job waits, from the reason that Slurm tells."""

from __future__ import annotations

from exatwin.workload.snapshot.standing import HELD, HELD_BY_JOB, HELD_BY_LIMIT

WORDS = {
    HELD: "jobs held, or waiting for something else than nodes: left out of the queue",
    HELD_BY_JOB: "jobs wait for other jobs",
    HELD_BY_LIMIT: "jobs are kept back by limits of their QOS or account",
}
"""What is said of jobs that wait for something else than nodes."""
_LIMITS = ("assoc", "qosmax", "qosgrp", "jobarraytasklimit", "maxjob")
"""Beginnings of the reasons of jobs that a limit keeps back."""
_HELD = (
    "dependency", "held", "begintime", "jobarraytasklimit", "licenses", "reservation", "partitiondown",
    "partitioninactive", "partitionnodelimit", "partitiontimelimit", "partitionconfig", "badconstraints",
    "accountnotallowed", "qosnotallowed", "invalid", "assoc", "qosmax", "qosgrp", "qosjob", "qosmin",
    "maxjob", "reqnodenotavail", "nodedown", "launch", "deadline", "burstbuffer", "cluster", "federation",
    "admin",
)  # fmt: skip
"""Beginnings of the reasons, in small letters, of jobs that would not start on any number of free nodes."""


def is_held(reason: str) -> bool:
    """Return whether a job with this reason waits for something else than nodes.

    Examples
    --------
    >>> is_held("Priority"), is_held("JobHeldUser"), is_held("(QOSMaxJobsPerUserLimit)"), is_held("")
    (False, True, True, False)
    """
    word = reason.strip("() ").lower().removeprefix("job").removeprefix("user")
    return any(word.startswith(known) or reason.strip("() ").lower().startswith(known) for known in _HELD)


def held_by(reason: str) -> int:
    """Return what a job with this reason waits for but nodes: 0 for nothing, else as ``Standing.held``.

    Examples
    --------
    >>> held_by("Resources"), held_by("JobHeldUser"), held_by("Dependency"), held_by("QOSMaxJobsPerUserLimit")
    (0, 1, 2, 3)
    """
    word = reason.strip("() ").lower()
    if not is_held(reason):
        return 0
    if word == "dependency":
        return HELD_BY_JOB
    return HELD_BY_LIMIT if word.startswith(_LIMITS) else HELD


__all__ = ["WORDS", "held_by", "is_held"]
