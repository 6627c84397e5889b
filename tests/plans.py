"""Plans as JSON whose figures no fit of a model moves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HOUR = 3600.0


def plan(**changes: Any) -> dict[str, Any]:
    """Return the document of a campaign of 100 hours on 64 nodes of JUPITER; `changes` go into its run."""
    run: dict[str, Any] = {
        "what": "a campaign of 100B tokens",
        "whole": True,
        "nodes": 64,
        "time_s": 100 * HOUR,
        "energy_j": 8e10,
        "site_energy_j": 8.5e10,
        "cost_eur": 4000.0,
        "carbon_kgco2e": 8000.0,
        "steps": 24_000,
        "step_s": 15.0,
        "checkpoint_b": 1e12,
        "checkpoint_write_s": 30.0,
        "checkpoint_interval_s": 1200.0,
        "interval": {"time_s": [90 * HOUR, 120 * HOUR], "energy_j": [7e10, 9e10]},
    }
    machine = changes.pop("machine", "jupiter")
    app = changes.pop("app", "llm")
    return {
        "app": app,
        "machine": machine,
        "nodes": 64,
        "accelerators": 256,
        "model": "A 70B model",
        "interval_basis": "set by hand",
        "assumptions": ["nothing is measured"],
        "asked": {},
        "run": run | changes,
    }


def plan_text(**changes: Any) -> str:
    """Return the same as text."""
    return json.dumps(plan(**changes))


def plan_file(folder: Path, **changes: Any) -> Path:
    """Write the same to a file in `folder`, and return its path."""
    path = folder / "plan.json"
    path.write_text(plan_text(**changes), encoding="utf-8")
    return path
