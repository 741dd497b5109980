"""The size of a study as one value, from a minute on a laptop to hours on a GPU. No study depends on which one it is."""

import os
from dataclasses import dataclass, fields, replace
from typing import Annotated

from synthtasks.checked import Above, From, check
from train.stages.machine import Machine

Count = Annotated[int, From(1)]
SEEDS = From(1, 10_000)
ELSEWHERE = ("seeds", "machine")  # fields that do not say what is learned: how often, and on what


@dataclass(frozen=True)
class Scale:
    """The sizes of the parts that studies are made of. Difficulties are values of the first dial of a family: of a program its steps.

    Raises:
        ValueError: if a size is out of its range, or two of them do not go together.
    """

    # the task
    modulus: Annotated[int, From(2)] = 10  # of the arithmetic
    lines: Annotated[int, From(1, 1_000)] = 24  # of every program; also the largest difficulty of which documents are read
    solved: Count = 4  # pretraining solves problems of so many difficulties, the first
    deepest: Count = 24  # scores go from difficulty 1 to this one
    uses: Annotated[int, From(0)] = 3  # a problem applies the withheld primitives at least so often
    # the model
    width: Count = 64  # of the model
    layers: Count = 2  # of the model
    heads: Count = 4  # of attention in each layer
    # pretraining
    pretraining: Count = 2_200  # iterations of pretraining
    tokens: Count = 1_536  # of an iteration of pretraining
    questions: Count = 8  # of pretraining about each program, where the family can ask several
    pretraining_lr: Annotated[float, Above(0)] = 3.5e-3  # learning rate of pretraining
    pretraining_decay: Annotated[float, From(0, 1)] = 0.5  # share of pretraining, its end, in which the rate falls to 0
    muon: Annotated[float, From(0, 0.999)] = 0.0  # momentum of pretraining by Muon; 0: by AdamW
    # RL
    rl_iterations: Count = 80  # iterations of RL
    problems: Count = 32  # of an iteration of RL
    group: Annotated[int, From(2)] = 16  # completions of a problem in RL; a single one has none to differ from
    rl_lr: Annotated[float, Above(0)] = 3e-4  # learning rate of RL
    # evaluation
    exam_problems: Annotated[int, From(2)] = 256  # held-out problems of each difficulty, scored exactly
    sampled_problems: Count = 64  # problems sampled for answer-only success
    samples: Count = 64  # completions of each of these
    seeds: Annotated[int, SEEDS] = 5  # how many; each is a pretraining seed with its own RL seed
    machine: Machine = Machine()

    def __post_init__(self) -> None:
        check(self)
        if self.width % (2 * self.heads):
            raise ValueError(f"Scale.width is a multiple of twice Scale.heads; found width {self.width}, heads {self.heads}")
        for part in ("solved", "deepest"):
            if (found := getattr(self, part)) > self.lines:
                raise ValueError(f"Scale.{part} is at most Scale.lines, the longest run of a program; found {found} of {self.lines} lines")
        if self.uses > self.deepest:
            raise ValueError(f"Scale.uses is at most Scale.deepest, the most steps of a problem; found {self.uses} of {self.deepest} steps")


CPU = Scale()
SMOKE = Scale(
    modulus=3, lines=10, solved=3, deepest=10, width=32,
    pretraining=800, tokens=2_048, questions=1, pretraining_lr=8e-3, pretraining_decay=0.3,
    rl_iterations=12, problems=16, group=8, rl_lr=1e-3,
    exam_problems=128, sampled_problems=16, samples=16, seeds=1,
)  # fmt: skip
STACKING = Machine(accelerator="cuda", precision="tf32", threads=2, memory_fraction=0.2, stack=16, rows=128)
GPU = replace(CPU, seeds=16, machine=STACKING)  # the cpu scale in minutes, and with more seeds
LARGE = Scale(
    lines=26, deepest=26, width=256, layers=4, heads=8,
    pretraining=4_000, tokens=32_768, questions=1, pretraining_lr=2e-3, pretraining_decay=0.3, rl_iterations=400, problems=64,
    exam_problems=512, machine=replace(STACKING, memory_fraction=0.45),
)  # fmt: skip

SCALES = {"smoke": SMOKE, "cpu": CPU, "gpu": GPU, "large": LARGE}
SIZES = tuple(f.name for f in fields(Scale) if f.name not in ELSEWHERE)


def changed(scale: Scale, other: Scale) -> dict[str, int | float]:
    """The fields in which learning at a scale differs from that at another, with their values."""
    return {f: getattr(scale, f) for f in SIZES if getattr(scale, f) != getattr(other, f)}


def at_a_time(machine: Machine) -> int:
    """The stages that run at a time here, unless `--jobs` is given: as many as the cores have room for, or the memory of a GPU."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1  # a cluster may give a job a few
    limit = int(1 / machine.memory_fraction) if machine.accelerator == "cuda" else cores  # on one GPU
    return max(1, min(cores // machine.threads, limit))


def preset(scale: Scale) -> str:
    """The preset that a scale is, or differs from in the fewest sizes; of equal ones, that of its accelerator, or else the first."""

    def apart(name: str) -> tuple[int, bool]:
        return len(changed(scale, SCALES[name])), scale.machine.accelerator != SCALES[name].machine.accelerator

    return min(SCALES, key=apart)
