"""`make mutants`: cosmic-ray plants bugs in the judge, credit, statistics, stages and what keeps results whole; the tests must find them.

Each module is mutated in a copy of the checkout, and tried against the test files that speak of it. Prints the share of
mutants that were killed, and every survivor with its change. `python -m tests.faults.mutants judge credit` tries some
modules, and `--sample 40` that many mutants of each, drawn by name.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import WorkerOutcome, WorkResult

from synthtasks import rng

ROOT = Path(__file__).parent.parent.parent
BIN = Path(sys.executable).parent
BAR = 0.85
SECONDS = 240.0  # a mutant may take; longer is a hang, which counts as found


@dataclass(frozen=True)
class Target:
    """A module, and the tests that must notice when it is wrong."""

    module: str
    tests: str


TARGETS = {
    "judge": Target("synthtasks/verify.py", "tests/test_laws.py tests/test_families.py"),
    "credit": Target("train/rl/credit/group.py", "tests/test_credit.py"),
    "estimates": Target("analysis/measures/estimates.py", "tests/test_claims.py tests/test_report.py"),
    "seeds": Target("analysis/measures/seeds.py", "tests/test_seeds.py"),
    "power": Target("analysis/measures/power.py", "tests/test_seeds.py"),
    "looks": Target("analysis/claims/looks.py", "tests/test_looks.py"),
    "claims": Target("analysis/claims/claims.py", "tests/test_claims.py"),
    "stages": Target("train/stages/stage.py", "tests/test_stage.py"),
    "seals": Target("train/stages/seal.py", "tests/test_artifacts.py tests/test_store.py"),
    "expressions": Target("train/stages/record.py", "tests/test_expression.py tests/test_stage.py"),
    "leases": Target("train/stages/lease.py", "tests/test_lease.py tests/test_store.py"),
    "pieces": Target("train/stages/pieces.py", "tests/test_score.py"),
}

CONFIG = """
[cosmic-ray]
module-path = "{module}"
timeout = {seconds}
excluded-modules = []
test-command = "{python} -m pytest -x -q -n 0 -p no:cacheprovider {tests}"

[cosmic-ray.distributor]
name = "local"
"""


@dataclass(frozen=True)
class Outcome:
    """What became of a module's mutants."""

    killed: int
    survivors: tuple[str, ...]  # diffs


def thin(session: Path, sample: int) -> None:
    """Skip all but `sample` of the mutants."""
    with use_db(str(session), WorkDB.Mode.open) as db:
        jobs = sorted(db.pending_work_items, key=lambda job: (job.mutations[0].operator_name, job.mutations[0].occurrence))
        for i in rng("mutants", len(jobs)).permutation(len(jobs))[sample:].tolist():
            db.set_result(jobs[i].job_id, WorkResult(WorkerOutcome.SKIPPED))


def campaign(target: Target, sample: int) -> Outcome:
    """Try mutants of a module."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv", "runs", ".*_cache", ".trial"))
        config = CONFIG.format(module=target.module, seconds=SECONDS, python=sys.executable, tests=target.tests)
        (copy / "mutants.toml").write_text(config)

        def cosmic_ray(*arguments: str) -> str:
            return subprocess.run([BIN / "cosmic-ray", *arguments], cwd=copy, check=True, capture_output=True, text=True).stdout

        cosmic_ray("init", "mutants.toml", "session.sqlite")
        cosmic_ray("baseline", "mutants.toml")
        thin(copy / "session.sqlite", sample)
        cosmic_ray("exec", "mutants.toml", "session.sqlite")
        killed, survivors = 0, []
        for line in cosmic_ray("dump", "session.sqlite").splitlines():
            _, result = json.loads(line)
            if result["worker_outcome"] == "skipped":
                continue
            if result["test_outcome"] == "survived":
                survivors.append(result["diff"])
            else:
                killed += 1
        return Outcome(killed, tuple(survivors))


def main() -> int:
    """Run the campaigns; 1 if too many mutants survive."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *TARGETS], default=[])
    parser.add_argument("--sample", type=int, default=10**6)
    given = parser.parse_args()
    outcomes = {}
    for name in given.names or TARGETS:
        outcomes[name] = one = campaign(TARGETS[name], given.sample)
        print(f"{name}: {one.killed} of {one.killed + len(one.survivors)} killed ({TARGETS[name].module})", flush=True)
        for diff in one.survivors:
            print("\n".join(line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")))
            print()
    killed = sum(o.killed for o in outcomes.values())
    total = killed + sum(len(o.survivors) for o in outcomes.values())
    print(f"{killed} of {total} killed: {100 * killed / total:.1f} %")
    return killed < BAR * total


if __name__ == "__main__":
    sys.exit(main())
