"""HPCG and HPL-MxP: limits, bands, and chips they were never calibrated on."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

from exatwin.catalogue.generic import of_kind
from exatwin.catalogue.listed_nodes import machine_with_nodes
from exatwin.catalogue.load import machine
from exatwin.cli.estimate import command
from exatwin.foundation.errors import CatalogueError, InfeasibleError
from exatwin.workload.apps.hpcg import Hpcg, hpcg, hpcg_law, slowdown
from exatwin.workload.apps.hpl import Hpl, hpl
from exatwin.workload.apps.hpl_mxp import hpl_mxp, hpl_mxp_law


def asked(*arguments: str) -> dict[str, object]:
    found = json.loads(CliRunner().invoke(command, [*arguments, "--json"]).stdout)
    assert isinstance(found, dict)
    return found


def test_one_accelerator_runs_at_its_own_rate():
    assert slowdown(1, 0.1) == 1.0
    assert np.all(np.diff(slowdown([1, 2, 1024], 0.01)) > 0)


def test_hpcg_is_a_small_part_of_hpl_and_draws_less():
    jupiter = machine("jupiter")
    slow, fast = hpcg(Hpcg(), jupiter), hpl(Hpl(), jupiter)
    assert 0.005 < slow.flop_s / fast.rmax_flop_s < 0.03
    assert 0.4 * fast.power_w < slow.power_w < fast.power_w


def test_hpcg_answers_from_the_bandwidth_where_no_result_is_listed():
    unknown, known = hpcg(Hpcg(), machine("aurora")), hpcg(Hpcg(), machine("jupiter"))
    wide, narrow = (run.flop_range[1] / run.flop_range[0] for run in (unknown, known))
    assert wide > narrow
    assert "never measured" in unknown.assumptions[0]
    chip = machine("aurora").accelerator
    assert chip is not None
    blind = machine("aurora").model_copy(update={"accelerator": chip.model_copy(update={"memory_b_s": None})})
    with pytest.raises(CatalogueError, match="'memory_b_s' would let it"):
        hpcg(Hpcg(), blind)
    with pytest.raises(InfeasibleError, match="the machine has 24"):
        hpcg(Hpcg(nodes=25), machine("jedi"))


def test_sockets_are_chips_where_there_are_no_accelerators():
    fugaku = machine_with_nodes("top500:179807")
    assert hpcg(Hpcg(), fugaku).flop_s == pytest.approx(16.0045e15, rel=0.1)
    assert hpl_mxp(None, fugaku).flop_s > hpl(Hpl(), fugaku).rmax_flop_s


def test_a_family_has_a_rate_where_it_was_fitted():
    law = hpcg_law()
    assert all((chip.rate_flop_s is not None) == (chip.machines > 0) for chip in law.processors)
    assert all(chip.machines >= 1 for chip in law.chips)


def test_mxp_is_no_multiple_of_hpl_where_fp64_is_nearly_gone():
    run = hpl_mxp(None, of_kind("dgx-b300", 16))
    assert run.flop_s > 100.0 * run.hpl.rmax_flop_s
    assert "nearly gone" in run.said


def test_the_band_of_mxp_holds_both_published_multiples():
    law = hpl_mxp_law()
    middle, low, high = law.multiple()
    for pair in law.pairs:
        assert low < pair.hpl_mxp_flop_s / pair.hpl_flop_s < high
    assert high / low > 4.0
    assert low < middle < high


def test_mxp_is_a_multiple_of_hpl_in_less_time():
    jupiter = machine("jupiter")
    fast, plain = hpl_mxp(480, jupiter), hpl(Hpl(nodes=480), jupiter)
    assert fast.flop_s > plain.rmax_flop_s
    assert fast.time_s < plain.time_s
    assert fast.low_flop_s < fast.flop_s < fast.high_flop_s


@pytest.mark.parametrize("app", ["hpcg", "hpl-mxp"])
def test_the_command_answers_with_an_interval(app: str):
    found = asked(app, "--machine", "alps", "--nodes", "100")
    low, high = found["interval"]["flop_s"]
    assert low < found["flop_s"] < high
    assert found["assumptions"]
    assert found["billed"]["unit"] == "node-h"
