"""Whether a batch script keeps to the rules of a site: errors and warnings by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from exatwin.catalogue.batch import BatchRules, load_rules
from exatwin.catalogue.load import names
from exatwin.foundation.errors import SpecError, nearest
from exatwin.study.applying.job_script import LONG, JobScript, read_script
from exatwin.study.applying.lint_checks import Finding, commands, directives, error, warning


@dataclass(frozen=True)
class Checked:
    """What was found in a script."""

    rules: BatchRules
    """The rules it was held against."""
    guessed: bool
    """Whether the script itself told the site."""
    findings: tuple[Finding, ...]
    """By line."""

    @property
    def errors(self) -> int:
        """How many errors there are."""
        return sum(one.kind == "error" for one in self.findings)

    def document(self) -> dict[str, Any]:
        """Return the findings as plain data."""
        return {
            "site": self.rules.name,
            "as_of": self.rules.as_of,
            "errors": self.errors,
            "warnings": len(self.findings) - self.errors,
            "findings": [{"line": f.line, "kind": f.kind, "text": f.text} for f in self.findings],
        }


def lint(text: str, rules: BatchRules | None = None) -> Checked:
    r"""Return what is wrong with the batch script `text`.

    Parameters
    ----------
    rules
        Those of the site; by default of the one site that has the partition the script names.

    Raises
    ------
    SpecError
        No rules are given, and the partition does not tell the site.

    Examples
    --------
    >>> from exatwin.catalogue.batch import load_rules
    >>> script = "#!/bin/bash\n#SBATCH -A x -p boster -N 1 -t 24:00:00\nsrun ./a\n"
    >>> lint(script, load_rules("jupiter")).findings[1].text
    "JUPITER (JSC, Jülich) has no partition 'boster': did you mean 'booster'?"
    """
    script = read_script(text)
    held = rules or site_of(script)
    found = [*_form(script), *directives(script, held), *commands(script, held)]
    return Checked(held, rules is None, tuple(sorted(found, key=lambda one: (one.line, one.kind))))


def site_of(script: JobScript) -> BatchRules:
    """Return the rules of the site that a comment of a script names, or of the one with its partition.

    Raises
    ------
    SpecError
        None or several have it.
    """
    asked = script.last("partition")
    sites = names("batch")
    if script.site in sites:
        return load_rules(script.site)
    own = [name for name in sites if asked and load_rules(name).queues(asked.value)]
    if len(own) == 1:
        return load_rules(own[0])
    if asked is None:
        why = "the script names no partition"
    elif own:
        why = f"several sites have a partition '{asked.value}'"
    else:
        why = f"no site is known with a partition '{asked.value}'"
    raise SpecError(f"{why}: give --site, one of {', '.join(own or sites)}")


def _form(script: JobScript) -> Iterator[Finding]:
    """Yield what no site accepts."""
    if not script.first.startswith("#!"):
        yield error(1, "the first line names no interpreter: sbatch expects one such as #!/bin/bash")
    if script.crlf:
        yield error(1, "lines end as on Windows, which sbatch refuses: convert them (dos2unix)")
    for line in script.spaced:
        yield warning(line, "is a comment to Slurm: directives begin with #SBATCH, at the left margin")
    for line, why in script.broken:
        yield error(line, f"{why}: expected flags such as --nodes=4")
    for one in script.directives:
        if one.late:
            yield error(one.line, f"--{one.key} stands below the first command: Slurm ignores it")
        elif one.key not in LONG:
            yield error(one.line, f"sbatch has no flag '--{one.key}': {nearest(one.key, LONG)}")
        elif one.key not in ("comment", "gres") and (last := script.last(one.key)) and last is not one:
            yield warning(one.line, f"--{one.key} is given again in line {last.line}, which counts")


__all__ = ["Checked", "Finding", "lint", "site_of"]
