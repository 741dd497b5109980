"""A study of seconds: the real grid, with every part as small as it can be."""

from dataclasses import replace

from analysis.design.scale import SMOKE, Scale

TINY: Scale = replace(
    SMOKE,
    modulus=2,
    lines=4,
    solved=2,
    deepest=4,
    uses=1,
    width=16,
    heads=2,
    layers=1,
    pretraining=30,
    tokens=512,
    rl_iterations=3,
    problems=4,
    group=4,
    exam_problems=16,
    sampled_problems=4,
    samples=16,
)
