"""How the open part of a layout is read: what a person meant who left something out."""

from __future__ import annotations

import pytest

from exatwin.foundation.errors import InfeasibleError
from exatwin.study.applications.llm import estimate_llm

SPLIT = {"accelerators": 8, "tp": 1, "pp": 2, "ep": 4, "seq": 4096, "recompute": "selective"}


@pytest.mark.parametrize("given", [{"micro_batch": 64}, {"micro_batch": 64, "global_batch": 256}])
def test_a_large_micro_batch_of_a_pipeline_is_the_batch_of_a_replica(given: dict[str, int]) -> None:
    """No 64 sequences fit at a time; as the batch of each of four replicas they do, one by one."""
    found = estimate_llm("jupiter", "qwen3-30b-a3b", SPLIT | given)
    assert found.extra["layout"]["global_batch"] == 256
    assert found.extra["layout"]["micro_batch"] == 64
    assert any("one by one" in text for text in found.assumptions)


def test_a_usual_micro_batch_that_does_not_fit_is_refused() -> None:
    with pytest.raises(InfeasibleError, match="more than there is"):
        estimate_llm("jupiter", "qwen3-30b-a3b", SPLIT | {"micro_batch": 4, "recompute": "none"})
