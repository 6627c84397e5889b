"""A digital twin of exascale supercomputers and AI factories.

Examples
--------
>>> import exatwin as xt
>>> result = xt.run("jedi", days=1, seed=0)
>>> 0.0 < result.summary()["utilisation_frac"] <= 1.0
True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from exatwin.foundation.version import __version__

_WHERE = {
    "run": "exatwin.study.api",
    "replay": "exatwin.study.api",
    "estimate": "exatwin.study.estimates",
    "plan_llm": "exatwin.study.plan",
    "whatif": "exatwin.study.whatif",
    "forecast": "exatwin.study.forecast",
    "shape": "exatwin.study.shape",
    "comply": "exatwin.study.comply",
    "load": "exatwin.study.store",
    "machine": "exatwin.catalogue.load",
    "machines": "exatwin.study.api",
    "site": "exatwin.study.api",
    "sites": "exatwin.study.api",
    "write_report": "exatwin.report.document",
    "simulate": "exatwin.schedule.simulate",
    "check": "exatwin.schedule.result",
    "read_trace": "exatwin.workload.traces",
    "Scenario": "exatwin.study.scenario",
    "Result": "exatwin.study.result",
    "Estimate": "exatwin.study.estimate",
    "Goal": "exatwin.study.applications.plan_goal",
    "Machine": "exatwin.catalogue.machine",
    "Site": "exatwin.catalogue.site",
    "Jobs": "exatwin.workload.job",
    "Profiles": "exatwin.workload.job",
    "Schedule": "exatwin.schedule.result",
    "Signal": "exatwin.foundation.signal",
    "Ledger": "exatwin.account.ledger",
    "ExatwinError": "exatwin.foundation.errors",
    "SpecError": "exatwin.foundation.errors",
    "CatalogueError": "exatwin.foundation.errors",
    "OutputError": "exatwin.foundation.errors",
    "TraceError": "exatwin.foundation.errors",
    "InfeasibleError": "exatwin.foundation.errors",
    "SimulationError": "exatwin.foundation.errors",
    "ConvergenceError": "exatwin.foundation.errors",
}

__all__ = ["__version__", *sorted(_WHERE)]

if TYPE_CHECKING:
    from exatwin.account.ledger import Ledger as Ledger
    from exatwin.catalogue.load import machine as machine
    from exatwin.catalogue.machine import Machine as Machine
    from exatwin.catalogue.site import Site as Site
    from exatwin.foundation.errors import CatalogueError as CatalogueError
    from exatwin.foundation.errors import ConvergenceError as ConvergenceError
    from exatwin.foundation.errors import ExatwinError as ExatwinError
    from exatwin.foundation.errors import InfeasibleError as InfeasibleError
    from exatwin.foundation.errors import OutputError as OutputError
    from exatwin.foundation.errors import SimulationError as SimulationError
    from exatwin.foundation.errors import SpecError as SpecError
    from exatwin.foundation.errors import TraceError as TraceError
    from exatwin.foundation.signal import Signal as Signal
    from exatwin.report.document import write as write_report  # noqa: F401
    from exatwin.schedule.result import Schedule as Schedule
    from exatwin.schedule.result import check as check
    from exatwin.schedule.simulate import simulate as simulate
    from exatwin.study.api import machines as machines
    from exatwin.study.api import replay as replay
    from exatwin.study.api import run as run
    from exatwin.study.api import site as site
    from exatwin.study.api import sites as sites
    from exatwin.study.applications.plan_goal import Goal as Goal
    from exatwin.study.comply import comply as comply
    from exatwin.study.estimate import Estimate as Estimate
    from exatwin.study.estimates import estimate as estimate
    from exatwin.study.forecast import forecast as forecast
    from exatwin.study.plan import plan_llm as plan_llm
    from exatwin.study.result import Result as Result
    from exatwin.study.scenario import Scenario as Scenario
    from exatwin.study.shape import shape as shape
    from exatwin.study.store import load as load
    from exatwin.study.whatif import whatif as whatif
    from exatwin.workload.job import Jobs as Jobs
    from exatwin.workload.job import Profiles as Profiles
    from exatwin.workload.traces import read_trace as read_trace


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _WHERE:
        raise AttributeError(f"module 'exatwin' has no attribute {name!r}")
    found = getattr(import_module(_WHERE[name]), "write" if name == "write_report" else name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
