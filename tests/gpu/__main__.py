"""`python -m tests.gpu`: run every check, show a table, write the figures, and exit with status 1 if a check failed."""

import argparse
import sys
from pathlib import Path

import torch
from rich.console import Console

from tests.gpu import grid, pace, single, stack
from tests.gpu.frame import Check, outcomes, table, write
from tests.gpu.machine import facts, matmul

CHECKS = (Check("device", facts), Check("matmul", matmul), *single.CHECKS, *stack.CHECKS, *pace.CHECKS)


def main() -> int:
    """Run the checks on the GPU, or on the CPU those that can run there."""
    said = argparse.ArgumentParser(prog="python -m tests.gpu", description=__doc__)
    said.add_argument("--out", type=Path, default=Path("runs/gpu.json"), metavar="FILE", help="where the figures go (runs/gpu.json)")
    said.add_argument("--seconds", type=float, default=360.0, help="limit for all checks together (360)")
    options = said.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.set_float32_matmul_precision("high")  # TF32, where there is a GPU
    console, every = Console(width=140), []
    if device.type == "cpu":
        console.print("[yellow]There is no GPU: the checks that need one are skipped.[/]")
    for outcome in outcomes((*CHECKS, *grid.checks(options.out.parent), pace.COMPILED), device, options.seconds):
        every.append(outcome)
        write(options.out, device, every)
        console.print(f"{outcome.check}: {outcome.status}, {outcome.seconds:.1f} s", highlight=False)
        if outcome.status == "failed":
            console.print(outcome.reason, markup=False, highlight=False)
    console.print(table(every))
    return int(any(outcome.status == "failed" for outcome in every))


if __name__ == "__main__":
    sys.exit(main())
