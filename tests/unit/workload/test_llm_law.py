"""Terms of the step law that depend on where tokens go and on whom a run waits for."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from exatwin.catalogue.generic import sized
from exatwin.catalogue.llm_calibration import llm_calibration
from exatwin.catalogue.load import machine
from exatwin.workload.apps.llm_model import load_model
from exatwin.workload.apps.llm_setup import Layout, device_of, fabric_terms
from exatwin.workload.apps.llm_training import estimate_on
from exatwin.workload.collectives import all_to_all_s, dispatch_s


def test_a_token_crosses_the_network_once_a_node() -> None:
    fabric = fabric_terms(device_of(sized("dgx-h100", 64)), llm_calibration())
    one, eight = (float(dispatch_s(1e9, copies, 64, 1, fabric)) for copies in (1.0, 8.0))
    plain = float(all_to_all_s(8e9, 64, 1, fabric))
    assert one < eight < 8.0 * one
    assert eight < plain
    # with one copy nothing is shared: the same bytes as an all-to-all
    assert one == pytest.approx(float(all_to_all_s(1e9, 64, 1, fabric)), rel=0.02)


def test_tokens_of_one_node_stay_off_the_network() -> None:
    fabric = fabric_terms(device_of(sized("dgx-h100", 8)), llm_calibration())
    slow = replace(fabric, nic_b_s=1.0)
    assert float(dispatch_s(1e9, 4.0, 8, 1, slow)) == float(dispatch_s(1e9, 4.0, 8, 1, fabric))


def test_modules_that_share_a_power_cap_wait_longer_the_larger_a_run_is() -> None:
    device, model = device_of(machine("jupiter")), load_model("openeurollm-32b")
    assert device.shared_cap
    loss = {}
    for shared in (True, False):
        times = []
        for count in (32, 2048):
            layout = Layout(
                accelerators=count, tp=4, pp=4, vpp=2, micro_batch=2, global_batch=8 * count, seq=4096
            )
            where = replace(device, shared_cap=shared)
            times.append(estimate_on(where, "", model, layout).iteration_s)
        loss[shared] = times[1] / times[0]
    assert loss[True] > loss[False] > 1.0


def test_weak_scaling_costs_and_never_pays() -> None:
    device, model = device_of(machine("jupiter")), load_model("openeurollm-32b")
    rates = []
    for count in 32 * 2 ** np.arange(8):
        layout = Layout(
            accelerators=int(count), tp=4, pp=4, vpp=2, micro_batch=2, global_batch=int(8 * count), seq=4096
        )
        rates.append(estimate_on(device, "", model, layout).model_flop_s_per_accelerator)
    assert all(later < earlier for earlier, later in pairwise(rates))
    assert 0.6 < rates[-1] / rates[0] < 0.95


def test_chips_that_no_fit_has_seen_get_the_wider_interval() -> None:
    errors = llm_calibration().errors
    wide, near = (errors[kind].high / errors[kind].low for kind in ("uncalibrated", "dense"))
    assert wide > 1.8 * near
    assert {"dense", "experts", "experts-model", "uncalibrated", "network"} == set(errors)
    mean = llm_calibration().families["generic"]
    others = [family for name, family in llm_calibration().families.items() if name != "generic"]
    assert min(f.product for f in others) < mean.product < max(f.product for f in others)
