"""What a batch script is told about the rules of a site."""

from __future__ import annotations

import pytest

from exatwin.catalogue.batch import load_rules
from exatwin.foundation.errors import SpecError
from exatwin.study.applying.job_script import read_script
from exatwin.study.applying.lint import lint

GOOD = """#!/bin/bash
#SBATCH --account=me --partition=booster
#SBATCH --nodes=4 --ntasks-per-node=4 --cpus-per-task=72
#SBATCH --gres=gpu:4
#SBATCH --time=12:00:00
srun ./a
"""


def told(text: str, site: str = "jupiter") -> list[tuple[int, str, str]]:
    return [(one.line, one.kind, one.text) for one in lint(text, load_rules(site)).findings]


def changed(old: str, new: str) -> list[tuple[int, str, str]]:
    assert old in GOOD
    return told(GOOD.replace(old, new))


def test_a_good_script_has_nothing_to_hear() -> None:
    assert told(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "kind", "words"),
    [
        ("--time=12:00:00", "--time=12:00:01", 5, "error", "longer than 'booster' allows: at most 12 h"),
        ("--time=12:00:00", "-t 1-0", 5, "error", "longer than 'booster' allows"),
        ("--time=12:00:00", "--time=UNLIMITED", 5, "error", "longer than"),
        ("--time=12:00:00", "--time=soon", 5, "error", "is no time"),
        ("--time=12:00:00", "--comment=x", 0, "warning", "no time limit: 1 h is taken"),
        ("booster", "boster", 2, "error", "did you mean 'booster'"),
        ("booster", "largebooster", 2, "error", "takes no jobs"),
        ("--nodes=4", "--nodes=5885", 3, "error", "takes at most 5,884 nodes"),
        ("--nodes=4", "--nodes=few", 3, "error", "is no number of nodes"),
        ("gpu:4", "gpu:8", 4, "error", "a node of 'booster' has 4"),
        ("gpu:4", "gpu:2", 4, "warning", "exclusive, all 4 GPUs are billed"),
        ("--gres=gpu:4", "--gpus=100", 4, "error", "has 4"),
        ("--gres=gpu:4", "--mem=0", 0, "warning", "no GPU is asked for on 'booster': expected --gres=gpu:4"),
        ("--cpus-per-task=72", "--cpus-per-task=80", 3, "error", "offers 288"),
        ("--cpus-per-task=72", "--cpus-per-task=x", 3, "error", "is no number"),
        ("--account=me", "--exclusive", 0, "error", "no account"),
        ("--account=me", "--account=<budget>", 2, "warning", "is a placeholder"),
        ("--account=me", "--acount=me", 2, "error", "sbatch has no flag '--acount': did you mean 'account'"),
        ("srun ./a", "mpirun -n 4 ./a", 6, "error", "starts processes with srun only"),
        ("srun ./a", "./a", 0, "warning", "only the first node would work"),
        ("srun ./a", "python -m pip install x; srun ./a", 6, "error", "do not reach the internet"),
        ("srun ./a", "srun ./a && wget https://x", 6, "error", "'wget'"),
        ("srun ./a", "X=1 git clone y\nsrun ./a", 6, "error", "'git clone'"),
        ("srun ./a", "srun -n 1 curl x", 6, "error", "'curl'"),
        ("#!/bin/bash", "echo", 1, "error", "names no interpreter"),
        ("srun ./a", "cd x\n#SBATCH --mem=0\nsrun ./a", 7, "error", "below the first command"),
        ("#SBATCH --gres", "# SBATCH --gres", 4, "warning", "is a comment to Slurm"),
        ("--gres=gpu:4", "--gres='gpu:4", 4, "error", "No closing quotation"),
        ("--gres=gpu:4", "gpu:4", 4, "error", "is no flag"),
        ("--time=12:00:00", "--time=1 --time=2", 5, "warning", "is given again"),
        ("--time=12:00:00", "--time=10 --signal=B:USR1@60", 5, "error", "has no trap for it"),
        ("--time=12:00:00", "--time=1 --signal=USR1@60", 5, "error", "before the job has begun"),
        ("--time=12:00:00", "--time=1 --signal=@", 5, "error", "expected one such as B:USR1@300"),
    ],
)
def test_each_fault_is_told_with_its_line(old: str, new: str, line: int, kind: str, words: str) -> None:
    found = changed(old, new)
    assert any(at == line and which == kind and words in text for at, which, text in found), found


def test_comments_text_and_here_documents_are_no_commands() -> None:
    more = 'echo "pip install x"  # wget y\ncat <<END\ncurl z\nEND\n'
    assert told(GOOD + more) == []


def test_where_the_site_allows_it_the_same_is_right() -> None:
    script = "#!/bin/bash\n#SBATCH -A p -p qgpu -N 1 -t 60 --gpus-per-node=1\nwget x\nmpirun ./a\n"
    assert told(script, "karolina") == []
    assert [kind for _, kind, _ in told(script.replace("qgpu", "qgp"), "karolina")] == ["error"]


def test_nodes_without_gpus_and_qualities_of_service() -> None:
    cpu = "#!/bin/bash\n#SBATCH -A p -p standard -N 1 -t 60 --gres=gpu:1\nsrun ./a\n"
    assert "have no GPU" in told(cpu, "lumi")[0][2]
    big = "#!/bin/bash\n#SBATCH -A p -p boost_usr_prod -N 100 -t 60 --gres=gpu:4{q}\nsrun ./a\n"
    assert "at most 64 nodes" in told(big.format(q=""), "leonardo")[0][2]
    assert told(big.format(q=" --qos=boost_qos_bprod"), "leonardo") == []
    assert "did you mean 'boost_qos_bprod'" in told(big.format(q=" -q boost_qos_bpro"), "leonardo")[0][2]
    found = told(cpu.replace("standard", "gpp").replace(" --gres=gpu:1", ""), "marenostrum5")
    assert [text.split(":")[0] for _, _, text in found] == ["'gpp' wants a quality of service"]


def test_windows_lines_are_told_once() -> None:
    found = told(GOOD.replace("\n", "\r\n"))
    assert [text for _, _, text in found] == [
        "lines end as on Windows, which sbatch refuses: convert them (dos2unix)"
    ]


def test_the_site_is_told_by_the_script_or_has_to_be_given() -> None:
    assert lint(GOOD).rules.name == "jupiter"
    assert lint(GOOD).guessed
    gpu = GOOD.replace("booster", "gpu")
    with pytest.raises(
        SpecError, match="several sites have a partition 'gpu': give --site, one of meluxina, vega"
    ):
        lint(gpu)
    assert lint(gpu + "# site: vega\n").rules.name == "vega"
    with pytest.raises(SpecError, match="names no partition: give --site, one of deucalion"):
        lint("#!/bin/bash\n")


def test_continued_lines_are_one_command() -> None:
    found = read_script("#!/bin/bash\nsrun \\\n  ./a  # why\n\n./b\n")
    assert found.commands == ((2, "srun    ./a"), (5, "./b"))
