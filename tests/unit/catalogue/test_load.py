"""Finding machines: by name, alias, number and path; and what is said of files that are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from exatwin.catalogue.load import data_folder, machine, names
from exatwin.foundation.errors import CatalogueError, SpecError

MINE = """
name = "mine"
title = "My machine"
site = "generic"
node = "{node}"
nodes = {{ value = {nodes}, source = "ME", quality = "assumed" }}

[peak]
fp64 = {{ value = "{peak}", source = "ME", quality = "derived" }}

[sources.ME]
title = "I counted"
"""


def write(
    folder: Path, *, node: str = "xh3000-gh200", nodes: int = 10, peak: str = "2.676 PFLOP/s", more: str = ""
) -> str:
    path = folder / "mine.toml"
    path.write_text(more + MINE.format(node=node, nodes=nodes, peak=peak), encoding="utf-8")
    return str(path)


def test_names_aliases_and_numbers_lead_to_the_same_machine() -> None:
    for name in ("jupiter", "JUPITER Booster", "jupiter booster", "top500:180357", " TOP500:180357 "):
        assert machine(name).name == "jupiter"


def test_a_file_of_the_users_is_a_machine(tmp_path: Path) -> None:
    found = machine(write(tmp_path))
    assert (found.title, found.nodes, found.accelerators) == ("My machine", 10, 40)


def test_parts_of_a_file_are_found_beside_it(tmp_path: Path) -> None:
    text = (data_folder() / "nodes" / "xh3000-gh200.toml").read_text(encoding="utf-8")
    (tmp_path / "node.toml").write_text(text.replace('"xh3000-gh200"', '"my-node"'), encoding="utf-8")
    assert machine(write(tmp_path, node="node.toml")).node.name == "my-node"


def test_a_peak_that_the_chips_do_not_give_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        CatalogueError, match=r"'peak\.fp64' is 3 PFLOP/s, but 40 x 'gh200-96' give 2\.676 PFLOP/s"
    ):
        machine(write(tmp_path, peak="3 PFLOP/s"))


def test_one_percent_is_the_limit_of_a_peak(tmp_path: Path) -> None:
    assert machine(write(tmp_path, peak="2.70 PFLOP/s")).nodes == 10
    (tmp_path / "far").mkdir()
    with pytest.raises(CatalogueError, match="within 1%"):
        machine(write(tmp_path / "far", peak="2.71 PFLOP/s"))


def test_a_peak_in_a_precision_the_chip_lacks_is_refused(tmp_path: Path) -> None:
    path = Path(write(tmp_path))
    path.write_text(path.read_text().replace("fp64 =", "fp4 ="), encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"'gh200-96' has no such peak \(it has: fp64, fp64_tensor"):
        machine(str(path))


@pytest.mark.parametrize("nodes", [0, -1, 10**30])
def test_absurd_numbers_of_nodes_are_refused(tmp_path: Path, nodes: int) -> None:
    with pytest.raises(CatalogueError, match="'nodes'"):
        machine(write(tmp_path, nodes=nodes))


def test_a_bare_number_is_refused(tmp_path: Path) -> None:
    path = Path(write(tmp_path))
    path.write_text(path.read_text().replace('{ value = 10, source = "ME", quality = "assumed" }', "10"))
    with pytest.raises(CatalogueError, match="nodes: the number has no source"):
        machine(str(path))


def test_an_unknown_part_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"unknown node 'xh3000-gh20'.*did you mean 'xh3000-gh200'"):
        machine(write(tmp_path, node="xh3000-gh20"))


def test_an_unknown_key_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="unknown key 'contry', did you mean 'country'"):
        machine(write(tmp_path, more='contry = "here"\n'))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            '[[partitions]]\nname = "a"\nnodes = {n}\n[[partitions]]\nname = "a"\nnodes = {n}\n',
            "'a' more than once",
        ),
        (
            '[[partitions]]\nname = "a"\ndefault = true\nnodes = {n}\n'
            '[[partitions]]\nname = "b"\ndefault = true\nnodes = {n}\n',
            "more than one default",
        ),
        ('[[partitions]]\nname = "a"\nnodes = {n}\nmax_nodes = {eleven}\n', "allows 11 nodes, it has 10"),
        ('[[partitions]]\nname = "a"\nnodes = {eleven}\n', "has 11 nodes, the machine only 10"),
        ("[layout]\nnodes_per_rack = {n}\nracks_per_group = {n}\n", None),
    ],
)
def test_queues_that_cannot_be_are_refused(tmp_path: Path, more: str, message: str | None) -> None:
    path = Path(write(tmp_path))
    fact = '{{ value = {0}, source = "ME", quality = "assumed" }}'
    filled = more.replace("{n}", fact.format(10)).replace("{eleven}", fact.format(11))
    path.write_text(path.read_text(encoding="utf-8") + filled, encoding="utf-8")
    if message is None:
        assert machine(str(path)).racks == 1
        return
    with pytest.raises(CatalogueError, match=message):
        machine(str(path))


def test_a_floor_that_is_too_small_is_refused(tmp_path: Path) -> None:
    path = Path(write(tmp_path))
    fact = '{{ value = {0}, source = "ME", quality = "assumed" }}'.format
    floor = f"[layout]\nnodes_per_rack = {fact(4)}\nracks_per_group = {fact(1)}\nrack_positions = {fact(2)}\n"
    path.write_text(path.read_text(encoding="utf-8") + floor, encoding="utf-8")
    with pytest.raises(CatalogueError, match="2 rack positions of 4 nodes, 10 nodes need 3"):
        machine(str(path))


def test_unknown_machines_name_the_nearest() -> None:
    with pytest.raises(CatalogueError, match="unknown machine 'jupitr': did you mean 'jupiter'"):
        machine("jupitr")
    with pytest.raises(CatalogueError, match="choose from: alps, arrhenius"):
        machine("qqqqqqqq")
    with pytest.raises(CatalogueError, match=r"nowhere\.toml: there is no such file"):
        machine("nowhere.toml")


def test_an_announced_machine_says_what_is_missing() -> None:
    with pytest.raises(CatalogueError, match="Alice Recoque can't be simulated yet: the number of nodes"):
        machine("Alice Recoque")


@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe", b"name = ", b"[" * 5000])
def test_files_that_are_no_machine_are_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    with pytest.raises(SpecError) as caught:
        machine(str(path))
    assert "\n" not in str(caught.value)


def test_names_of_an_empty_folder_are_none() -> None:
    assert names("no-such-folder") == []
