"""What may go wrong on a machine for those who come from elsewhere, by its parts and its site's rules."""

from __future__ import annotations

from functools import cache

from exatwin.catalogue.batch import Risk, rules_for
from exatwin.catalogue.load import data_folder
from exatwin.catalogue.machine import Machine
from exatwin.foundation.spec import Spec, read_toml


class PartRisk(Risk):
    """A risk that comes with a part."""

    part: str
    """Catalogue name of an accelerator or a processor."""


class PartRisks(Spec):
    """The file of the risks of parts."""

    risks: list[PartRisk]
    """The risks."""


@cache
def part_risks() -> tuple[PartRisk, ...]:
    """Return the risks that come with parts."""
    path = data_folder() / "risks" / "parts.toml"
    return tuple(PartRisks.parse(read_toml(path), path.name).risks)


def risks_of(machine: Machine, app: str) -> tuple[str, ...]:
    """Return what may go wrong with the application `app` on `machine`, in a few words each.

    What the site's rules say stands first; a part's risk is left out where the site's says the same.

    Examples
    --------
    >>> from exatwin.catalogue.load import machine
    >>> risks_of(machine("jupiter"), "llm")[0]
    'aarch64: x86 binaries and wheels do not run'
    """
    rules = rules_for(machine.name)
    own: list[Risk] = [] if rules is None else [one for one in rules.risks if _holds(one, machine.name)]
    parts = {machine.processor.name, *([machine.accelerator.name] if machine.accelerator else [])}
    told = {risk.topic for risk in own}
    more = [risk for risk in part_risks() if risk.part in parts and risk.topic not in told]
    return tuple(risk.text for risk in [*own, *more] if not risk.apps or app in risk.apps)


def _holds(risk: Risk, machine: str) -> bool:
    return not risk.machines or machine in risk.machines


__all__ = ["PartRisk", "risks_of"]
