"""Find a catalogue entry by name, or a file of the user's by path."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar, cast

from exatwin.catalogue.check import check_machine
from exatwin.catalogue.machine import Machine, MachineFile
from exatwin.catalogue.parts import Accelerator, Network, NodeKind, Processor
from exatwin.foundation.errors import CatalogueError, SpecError, nearest
from exatwin.foundation.spec import Sourced, read_toml

T = TypeVar("T", bound=Sourced)


def data_folder() -> Path:
    """Return the folder of the catalogue's data files."""
    return Path(str(files("exatwin.catalogue"))) / "data"


def names(folder: str) -> list[str]:
    """Return the names of the entries in `folder` of the catalogue, sorted.

    Examples
    --------
    >>> "gh200-96" in names("accelerators")
    True
    """
    return sorted(path.stem for path in (data_folder() / folder).glob("*.toml"))


@cache
def entry(kind: type[T], folder: str, name: str) -> T:
    """Return the entry called `name`, or described by the file at the path `name`.

    Raises
    ------
    CatalogueError
        There is no such entry, or its file is malformed.
    """
    path = resolve(folder, name)
    return kind.parse(read_toml(path), path.name if path.parent == data_folder() / folder else str(path))


def resolve(folder: str, name: str) -> Path:
    """Return the file of the entry `name` of `folder`, or the user's file at that path.

    Raises
    ------
    CatalogueError
        There is neither.
    """
    if looks_like_path(name):
        path = Path(name)
        if not path.is_file():
            raise CatalogueError(f"{name}: there is no such file")
        return path
    path = data_folder() / folder / f"{name}.toml"
    if not path.is_file():
        singular = folder.rstrip("s").replace("-", " ")
        raise CatalogueError(f"unknown {singular} '{name}': {nearest(name, names(folder))}")
    return path


def looks_like_path(name: str) -> bool:
    """Return whether `name` is a path to a file rather than a catalogue name."""
    return name.endswith(".toml") or "/" in name or "\\" in name


def build(file: MachineFile, folder: Path = Path()) -> Machine:
    """Return the machine of `file`, its parts looked up in the catalogue or by paths from `folder`.

    Raises
    ------
    CatalogueError
        A part is unknown, or the description contradicts itself.
    """
    node: NodeKind = entry(NodeKind, "nodes", _from(folder, file.node))
    processor: Processor = entry(Processor, "processors", _from(folder, node.processor))
    accelerator: Accelerator | None = None
    if node.accelerator:
        accelerator = entry(Accelerator, "accelerators", _from(folder, node.accelerator))
    network: Network | None = (
        entry(Network, "networks", _from(folder, file.network)) if file.network else None
    )
    found = Machine(file=file, node=node, processor=processor, accelerator=accelerator, network=network)
    check_machine(found)
    return found


def _from(folder: Path, name: str) -> str:
    return str(folder / name) if looks_like_path(name) else name


@cache
def machine(name: str) -> Machine:
    """Return the machine called `name`.

    Parameters
    ----------
    name
        A catalogue name (``jupiter``), an alias or exact list name, ``top500:<id>``, or the path of a file.

    Raises
    ------
    CatalogueError
        There is no such machine, too little is known of it, or its description is wrong.

    Examples
    --------
    >>> machine("jupiter").nodes
    5884
    """
    if name in names("machines"):
        return build(entry(MachineFile, "machines", name))
    if looks_like_path(name) and Path(name).is_file():
        return build(entry(MachineFile, "machines", name), Path(name).parent)
    alias = _named(name)
    if alias:
        return build(entry(MachineFile, "machines", alias))
    listed = cast("Callable[[str], Machine | None]", _lists().machine_from_list)(name)
    if listed is not None:
        return listed
    if name.endswith(".toml") or name.startswith((".", "/", "~")):
        why = (
            "is no regular file, expected a machine in TOML"
            if Path(name).exists()
            else "there is no such file"
        )
        raise CatalogueError(f"{name}: {why}")
    announced = import_module("exatwin.catalogue.announced")
    announced.refuse(name)
    known = [*names("machines"), *_aliases(), *_lists().list_names(), *announced.names()]
    hint = nearest(name, known)
    hint = hint if hint.startswith("did you mean") else nearest("", names("machines"))
    raise CatalogueError(f"unknown machine '{name}': {hint}")


def _lists() -> Any:
    return import_module("exatwin.catalogue.lists")


def _named(name: str) -> str | None:
    """Return the machine whose alias is `name`; only files that hold the word are parsed."""
    wanted = name.strip().lower()
    return _aliases(wanted.removeprefix("top500:")).get(wanted)


@cache
def _aliases(word: str = "") -> dict[str, str]:
    """Return machines by their other names, of the files that hold `word`."""
    found: dict[str, str] = {}
    for name in holding("machines", word):
        file = entry(MachineFile, "machines", name)
        found |= {alias.lower(): name for alias in file.aliases}
        found |= {f"top500:{number}": name for number in file.top500_ids}
    return found


def holding(folder: str, word: str) -> list[str]:
    """Return the names of the entries in `folder` whose files hold `word`, in whatever case, sorted.

    Parsing all of a folder takes longer than an estimate; the few that hold a word are soon found.

    Examples
    --------
    >>> holding("accelerators", "NVIDIA Tesla P100 NVLink")
    ['p100-nvlink']
    """
    lower = word.lower()
    paths = (data_folder() / folder).glob("*.toml")
    return sorted(path.stem for path in paths if lower in path.read_text(encoding="utf-8").lower())


__all__ = [
    "SpecError",
    "build",
    "check_machine",
    "data_folder",
    "entry",
    "holding",
    "looks_like_path",
    "machine",
    "names",
    "resolve",
]
