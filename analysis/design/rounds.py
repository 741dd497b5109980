"""RL in rounds. Each begins with a fresh optimiser where the one before ended; together they are as long as one `practise`, and no two meet
the same problems."""

from collections.abc import Sequence
from dataclasses import replace

from analysis.design.recipes import PROGRAMS, Tasks, practise, score
from analysis.design.scale import Scale
from analysis.measures.edge import Edge, Rule
from synthtasks.families import Family
from train.learn import Learn
from train.rl import Band, ProblemSource, Reward

HALF = Rule(mastered=0.5)  # its `below` ends with the hardest difficulties that a policy solves half of the time: rewards differ most there


def lengths(iterations: int, rounds: int) -> list[int]:
    """The iterations of each round: equal, but for one where they cannot be.

    Raises:
        ValueError: if a round had none.
    """
    if not 0 < rounds <= iterations:
        raise ValueError(f"each round has an iteration; found {rounds} rounds, {iterations} iterations")
    return [iterations * (i + 1) // rounds - iterations * i // rounds for i in range(rounds)]


def in_rounds(scale: Scale, policy: Learn, sources: Sequence[ProblemSource], reward: Reward, seed: int, tasks: Tasks = PROGRAMS) -> Learn:
    """The policy after a round on each of these sources."""
    for source, many in zip(sources, lengths(scale.rl_iterations, len(sources)), strict=True):
        policy = practise(replace(scale, rl_iterations=many), policy, source, reward, seed, tasks)
    return policy


def half(scores: Edge) -> Edge:
    """The edge of a scored policy by `HALF`."""
    return replace(scores, rule=HALF)


def adaptive(
    scale: Scale, policy: Learn, edge: Edge, family: Family, rounds: int, reward: Reward, seed: int, tasks: Tasks = PROGRAMS
) -> Learn:
    """The policy after rounds at the hardest difficulties that it solves half of the time, measured again after each round; `edge` is that
    of the policy before the first."""
    for number, many in enumerate(lengths(scale.rl_iterations, rounds)):
        found = edge if number == 0 else Edge(score(scale, policy, family, seed, tasks=tasks))
        policy = practise(replace(scale, rl_iterations=many), policy, Band(family, half(found), "below"), reward, seed, tasks)
    return policy
