"""Fixtures that all tests may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# how long an example takes says more of what else the machine does than of the code
settings.register_profile("exatwin", deadline=None)
settings.load_profile("exatwin")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of measured data, or skip: the product never ships those files."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("EXATWIN_DATA", default))
    if not (folder / "README.md").is_file():
        pytest.skip(f"measured data not found at {folder} (set EXATWIN_DATA)")
    return folder
