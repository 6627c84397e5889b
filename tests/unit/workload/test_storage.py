"""Checkpoints and reads: bound by the nodes, then by the file system."""

from __future__ import annotations

import numpy as np
import pytest

from exatwin.catalogue.generic import sized
from exatwin.catalogue.load import machine
from exatwin.foundation.errors import SpecError
from exatwin.workload.storage import checkpoint_s, read_s, storage_law, storage_of


def test_few_nodes_are_bound_by_their_adapters_and_many_by_the_file_system():
    jupiter, law = machine("jupiter"), storage_law()
    one = law.node_frac * 4 * 25e9
    assert float(checkpoint_s(1e12, 1, jupiter)) == pytest.approx(law.start_s + 1e12 / one)
    whole = law.achieved_frac * 2e12
    assert float(checkpoint_s(1e15, 5884, jupiter)) == pytest.approx(law.start_s + 1e15 / whole)
    assert float(read_s(1e15, 5884, jupiter)) == pytest.approx(law.start_s + 1e15 / whole * 2 / 3)


def test_the_slower_file_system_can_be_named():
    jupiter = machine("jupiter")
    flash, disk = (float(checkpoint_s(1e15, 5884, jupiter, name)) for name in ("ExaFLASH", "ExaSTORE"))
    start = storage_law().start_s
    assert disk - start == pytest.approx(2.0 * (flash - start))
    with pytest.raises(SpecError, match="did you mean 'ExaFLASH'"):
        storage_of(jupiter, "ExaFLUSH")


def test_tape_is_never_chosen():
    jupiter = machine("jupiter")
    tape = [each for each in jupiter.file.storage if each.kind == "tape"]
    bare = jupiter.model_copy(update={"file": jupiter.file.model_copy(update={"storage": tape})})
    assert "assumed" in storage_of(bare).assumed[0]


def test_an_unknown_file_system_grows_with_the_machine():
    small, large = (storage_of(sized("dgx-h100", count)) for count in (64, 640))
    assert large.write_b_s == pytest.approx(10 * small.write_b_s)
    assert "assumed" in small.assumed[0]
    assert storage_of(machine("lumi-c")).write_b_s > 0.0


def test_a_file_system_that_states_no_direction_writes_slower_than_it_reads():
    store = storage_of(machine("lumi-g"))
    assert store.write_b_s < store.read_b_s == pytest.approx(storage_law().achieved_frac * 2e12)
    assert "assumed from its reading" in store.assumed[0]


def test_sizes_and_nodes_broadcast():
    jupiter = machine("jupiter")
    table = checkpoint_s(np.array([[1e11], [1e12], [1e13]]), np.array([1, 64, 4096]), jupiter)
    assert table.shape == (3, 3)
    assert float(table[1, 2]) == float(checkpoint_s(1e12, 4096, jupiter))
    assert np.all(np.diff(table, axis=0) > 0)
    assert np.all(np.diff(table, axis=1) <= 0)
