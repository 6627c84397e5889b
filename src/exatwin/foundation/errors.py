"""The exceptions of exatwin.

::

    ExatwinError                 exit code   meant for
    ├── SpecError                2           a scenario, a flag or a file of the user's is wrong
    │   └── CatalogueError       2           a machine, site or part is unknown or malformed
    ├── OutputError              2           a result can't be written where it was asked to go
    ├── TraceError               3           a trace holds nothing that can be used
    ├── InfeasibleError          4           what is asked can't be done by this machine
    ├── SimulationError          1           a model failed or an invariant broke
    └── ConvergenceError         1           an iteration did not settle

A message says what was found, where, what was expected, and the nearest valid choice.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class ExatwinError(Exception):
    """Any error that exatwin raises on purpose; its text is one line for a person."""

    exit_code: int = 1

    def __str__(self) -> str:
        """Return the message in one line, whatever text of a user's it quotes."""
        return " ".join(super().__str__().splitlines())


class SpecError(ExatwinError):
    """A scenario, a flag or a file of the user's is wrong."""

    exit_code = 2


class CatalogueError(SpecError):
    """A machine, site or part is unknown or malformed."""


class OutputError(ExatwinError):
    """A result can't be written where it was asked to go."""

    exit_code = 2


class TraceError(ExatwinError):
    """A trace holds nothing that can be used."""

    exit_code = 3


class InfeasibleError(ExatwinError):
    """What is asked can't be done by this machine."""

    exit_code = 4


class SimulationError(ExatwinError):
    """A model failed or an invariant broke."""


class ConvergenceError(ExatwinError):
    """An iteration did not settle."""


def nearest(found: str, choices: Iterable[str]) -> str:
    """Return a hint such as ``"did you mean 'easy'?"`` that names the nearest of `choices`.

    Examples
    --------
    >>> nearest("esay", ["none", "easy"])
    "did you mean 'easy'?"
    >>> nearest("qqq", ["none", "easy"])
    'choose from: easy, none'
    """
    names = sorted(set(choices))
    lowered = {name.lower(): name for name in names}
    close = get_close_matches(found.lower(), list(lowered), n=1, cutoff=0.6)
    if close:
        return f"did you mean '{lowered[close[0]]}'?"
    shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"choose from: {shown}" if names else "there is none to choose from"
