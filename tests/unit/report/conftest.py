"""Made-up results that the tests of the report share."""

from __future__ import annotations

import pytest
from fake import FakeResult, fake_result


@pytest.fixture(scope="session")
def result() -> FakeResult:
    """A day of JUPITER."""
    return fake_result()


@pytest.fixture(scope="session")
def plain() -> FakeResult:
    """A trace replayed on 128 processors, without a machine."""
    return fake_result(1.0, 300, machine=None)
