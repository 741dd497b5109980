"""Speed, as ratios measured side by side in one run: `make bench`. One core, medians of alternating rounds; no verdicts."""

import argparse
import json
import platform
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

import torch
from rich.console import Console

from tests.bench.checking import checked
from tests.bench.grpo import grpo
from tests.bench.learnable import learned
from tests.bench.making import made
from tests.bench.prompts import prompts_once
from tests.bench.rows import Row, table
from tests.bench.sampling import sampling
from tests.bench.scoring import agreement, scored
from tests.bench.training import training

PARTS: dict[str, Callable[[], Iterable[Row]]] = {
    "training": training,
    "sampling": sampling,
    "grpo": grpo,
    "prompts": prompts_once,
    "scoring": scored,
    "agreement": agreement,
    "making": made,
    "checking": checked,
    "learnable": learned,
}


def main() -> None:
    """Measure and print."""
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("parts", nargs="*", metavar="PART", help=f"some of {', '.join(PARTS)}; all unless given")
    said.add_argument("--out", type=Path, metavar="FILE", help="write all figures there, as JSON")
    options = said.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        said.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    torch.set_num_threads(1)
    console, figures = Console(width=140), {}
    for part in options.parts or PARTS:
        rows = list(PARTS[part]())
        figures[part] = [asdict(row) for row in rows]
        console.print(table(rows))
    if options.out:
        record = {"python": platform.python_version(), "torch": torch.__version__, "processor": platform.processor(), "parts": figures}
        options.out.write_text(json.dumps(record, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
