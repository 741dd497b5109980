"""How large a study is: one value, from a minute on a laptop to hours on a GPU. Nothing in a study knows which."""

from dataclasses import dataclass, replace

from train.machine import Machine


@dataclass(frozen=True)
class Scale:
    """The sizes of the parts that studies are made of. Lengths in steps of a program unless said."""

    # the task
    modulus: int = 10  # of the arithmetic
    lines: int = 24  # of every program; also the longest listing
    solved: int = 4  # pretraining solves problems of 1 to this many steps
    deepest: int = 24  # scores go from 1 step to this many
    uses: int = 3  # a problem applies the withheld primitives at least so often
    # the model
    width: int = 64  # of the model
    layers: int = 2  # of the model
    heads: int = 4  # of attention in each layer
    # pretraining
    pretraining: int = 2_200  # iterations of pretraining
    tokens: int = 3_072  # of an iteration of pretraining
    pretraining_lr: float = 2.5e-3  # learning rate of pretraining
    # RL
    practice: int = 80  # iterations of RL
    problems: int = 32  # of an iteration of RL
    group: int = 16  # completions of a problem in RL
    practice_lr: float = 3e-4  # learning rate of RL
    # evaluation
    exam: int = 512  # held-out problems of each difficulty, scored exactly
    asked: int = 64  # problems sampled for answer-only success
    samples: int = 64  # completions of each of these
    seeds: int = 5
    machine: Machine = Machine()


CPU = Scale()
SMOKE = Scale(
    modulus=3,
    lines=10,
    solved=3,
    deepest=10,
    width=32,
    pretraining=800,
    tokens=2_048,
    pretraining_lr=8e-3,
    practice=12,
    problems=16,
    group=8,
    practice_lr=1e-3,
    exam=128,
    asked=16,
    samples=16,
    seeds=1,
)
GPU = replace(
    CPU,
    lines=26,
    deepest=26,
    width=256,
    layers=4,
    heads=8,
    pretraining=4_000,
    tokens=32_768,
    pretraining_lr=2e-3,
    practice=400,
    problems=64,
    machine=Machine(accelerator="cuda", precision="32-true", threads=2, rows=1_024),
)

SCALES = {"smoke": SMOKE, "cpu": CPU, "gpu": GPU}
