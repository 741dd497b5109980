"""Arms beside RL: other ways of learning from the problems that RL meets, each with the compute of an RL stage.

They spend what the policy `like` spent, to an iteration; `analysis.measures.compute` checks it.
"""

from dataclasses import replace

from analysis.design.recipes import PROGRAMS, Tasks
from analysis.design.scale import Scale
from synthtasks.corpora import Solved, Writer
from train.learn import Learn, Spend
from train.losses import Distil, Gold, Imitate, Mixture, Source, Traces, Verified
from train.optim import Optim
from train.rl import ProblemSource, Sampler
from train.sample import Sample
from train.stages.stage import Stage

RATE = 0.3  # the learning rate of fine-tuning, as a share of that of pretraining
WARMUP = 10  # iterations
PARTS = 4  # an iteration reads so much less than one of pretraining, so that a budget is met to a percent
FEWER = 2  # so many times fewer problems are sampled than RL meets, so that about half of a budget is left for learning
ROUNDS = 4  # of expert iteration
REPLAY = 0.2  # share of mid-training on the corpus of pretraining


def imitating(scale: Scale, policy: Stage, source: Source | Mixture, length: int | Spend, seed: int) -> Learn:
    """The policy after learning from documents, at a rate that falls to 0 by its own end."""
    imitate = Imitate(source, max(1, scale.tokens // PARTS), seed)
    optim = Optim(RATE * scale.pretraining_lr, weight_decay=0.1, warmup=WARMUP, decay=1.0)
    return Learn(policy, ((1.0, imitate),), length, optim)


def spending(arm: Learn, like: Learn) -> Learn:
    """An arm with the compute of another, whatever the number of its iterations."""
    return replace(arm, iterations=Spend(like))


def gold(scale: Scale, problems: ProblemSource, seed: int, tasks: Tasks = PROGRAMS, write: Writer | None = None, first: int = 0) -> Gold:
    """The problems that RL meets from its `first` iteration on, with their gold derivations, or written otherwise."""
    return Gold(problems, scale.rl_iterations, scale.problems, write or Solved(tasks.said), seed, first)


def sft(
    scale: Scale, policy: Stage, problems: ProblemSource, like: Learn, seed: int, tasks: Tasks = PROGRAMS, write: Writer | None = None
) -> Learn:
    """Supervised fine-tuning on the gold derivations of the very problems that RL meets."""
    return imitating(scale, policy, gold(scale, problems, seed, tasks, write), Spend(like), seed)


def rft(scale: Scale, policy: Stage, problems: ProblemSource, like: Learn, seed: int, tasks: Tasks = PROGRAMS) -> Learn:
    """Rejection-sampling fine-tuning on the policy's own verified completions of the problems that RL meets: one round."""
    return expert_iteration(scale, policy, problems, like, seed, tasks, 1)


def expert_iteration(
    scale: Scale, policy: Stage, problems: ProblemSource, like: Learn, seed: int, tasks: Tasks = PROGRAMS, rounds: int = ROUNDS
) -> Learn:
    """Rounds of sampling and learning, each on its part of the first half of the problems that RL meets, in their order. A round may spend
    what is left of the shares of all rounds so far."""
    spent: tuple[Stage, ...] = ()
    each = -(-scale.rl_iterations // (FEWER * rounds))
    learned = policy
    for number in range(rounds):
        drawn = Sample(learned, problems, scale.problems, Sampler(scale.group, surface=tasks.said), seed, each, number * each)
        learned = imitating(scale, learned, Verified(drawn), Spend(like, (number + 1) / rounds, (*spent, drawn)), seed)
        spent += (drawn, learned)
    assert isinstance(learned, Learn)
    return learned


def continued(scale: Scale, policy: Learn, like: Learn) -> Learn:
    """Continued pretraining: new documents of the corpus that the policy was pretrained on."""
    corpus = pretrained(policy)
    return imitating(scale, policy, corpus.source, Spend(like), corpus.seed)


def midtrain(scale: Scale, policy: Learn, source: Source, length: int | Spend, seed: int) -> Learn:
    """Mid-training: learning from documents, with a share of the corpus that the policy was pretrained on."""
    corpus = pretrained(policy).source
    assert not isinstance(corpus, Mixture)
    return imitating(scale, policy, Mixture(((1 - REPLAY, source), (REPLAY, corpus))), length, seed)


def distil(scale: Scale, policy: Stage, teacher: Stage, problems: ProblemSource, like: Learn, seed: int, tasks: Tasks = PROGRAMS) -> Learn:
    """Distillation, token by token, on the policy's own completions of the problems that RL meets."""
    loss = Distil(teacher, problems, sampler=Sampler(max(1, scale.group // PARTS), surface=tasks.said), problems=scale.problems, seed=seed)
    return Learn(policy, ((1.0, loss),), Spend(like), Optim(scale.rl_lr))


def distil_traces(
    scale: Scale, policy: Stage, teacher: Stage, problems: ProblemSource, like: Learn, seed: int, tasks: Tasks = PROGRAMS
) -> Learn:
    """Distillation from the teacher's completions of the first half of RL's problems, right or wrong; to sample them counts."""
    sampler, iterations = Sampler(scale.group, surface=tasks.said), -(-scale.rl_iterations // FEWER)
    drawn = Sample(teacher, problems, scale.problems, sampler, seed, iterations)
    return imitating(scale, policy, Traces(drawn), Spend(like, 1.0, (drawn,)), seed)


def pretrained(policy: Learn) -> Imitate:
    """The loss by which a base was pretrained."""
    loss = policy.losses[0][1]
    assert isinstance(loss, Imitate)
    return loss
