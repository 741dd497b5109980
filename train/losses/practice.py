"""Learning by trial. One loop; an algorithm is a value.

    GRPO     = credit (Spread, Centre, Scale), surrogate Clip, aggregate Constant
    RLOO     = credit (Spread, LeaveOneOut), surrogate PolicyGradient
    DR_GRPO  = GRPO without Scale
    DAPO     = GRPO with clip-higher, every token alike, and draws until groups have signal

GRPO as it was published divides by each row's own length; here the denominator is constant (see `Constant`). Groups
without signal (see `has_signal`), which carry no gradient, cost no backward pass, and what a group says several times costs one. Where no
group has signal there is no step: not by rounding, and not by the divergence from the reference, which is there to hold steps back.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from models.generate import chosen_logp, completion_logits
from models.gpt import GPT
from synthtasks.checked import From, check
from train.checkpoint import Metrics
from train.ledger import BACKWARD, LENGTH
from train.rl.batches import Part, parts
from train.rl.credit import Centre, Credit, LeaveOneOut, Scale, Spread, chain, compares
from train.rl.objectives import Aggregate, Clip, Constant, PolicyGradient, Surrogate, TokenMean, kl
from train.rl.problems import Band, Prompts
from train.rl.rewards import Coin, Correct, Reward
from train.rl.rollouts import Rollouts, Sampler, rollout
from train.rl.shapes import fitting
from train.rl.signal import Judged, has_signal, with_signal
from train.run import Run, Update


@dataclass(frozen=True)
class Algorithm:
    """A policy-gradient method as the choice of its parts."""

    credit: tuple[Credit, ...] = (Spread(), Centre(), Scale())
    surrogate: Surrogate = Clip()
    aggregate: Aggregate = Constant()
    kl: Annotated[float, From(0)] = 0.0  # weight of the divergence from the policy that learning began from
    draws: Annotated[int, From(1)] = 1  # of the batch of problems: more than one is dynamic sampling, which keeps groups with signal

    def __post_init__(self) -> None:
        check(self)


GRPO = Algorithm()
RLOO = Algorithm(credit=(Spread(), LeaveOneOut()), surrogate=PolicyGradient())  # arXiv:2402.14740
DR_GRPO = Algorithm(credit=(Spread(), Centre()))  # arXiv:2503.20783
DAPO = Algorithm(surrogate=Clip(0.2, 0.28), aggregate=TokenMean(), draws=4)  # arXiv:2503.14476


@dataclass(frozen=True)
class Practice:
    """Draw completions, judge them, and make the better ones likelier.

    Raises:
        ValueError: if no update could ever have signal, since nothing is compared, or a field holds what it cannot.
    """

    prompts: Prompts
    reward: Reward = Correct()
    algorithm: Algorithm = GRPO
    sampler: Sampler = Sampler()
    problems: Annotated[int, From(1)] = 32  # P, of one update
    reuse: Annotated[int, From(1)] = 1  # updates on the same rollouts; one is on-policy
    seed: Annotated[int, From(0)] = 0

    word: ClassVar[str] = "practise"

    def __post_init__(self) -> None:
        check(self)
        if self.sampler.group == 1 and compares(self.algorithm.credit):
            raise ValueError(
                f"{self.algorithm.credit} compares the completions of a problem, of which the sampler draws one, so nothing would be "
                "learned; give Sampler a group of at least 2, or Algorithm a credit that compares nothing, such as (Spread(),)"
            )
        if self.sampler.group * self.problems == 1:
            raise ValueError("an update on one completion has nothing to compare it with; raise Practice.problems or Sampler.group")

    @property
    def per_iteration(self) -> int:
        """Updates of an iteration."""
        return self.reuse

    @property
    def source(self) -> tuple[object, ...]:
        """What the problems and completions are drawn by."""
        return "practice", self.prompts, self.seed

    @property
    def work(self) -> float:
        return (1 + BACKWARD) * self.problems * self.sampler.group * LENGTH

    def trials(self) -> tuple[tuple["Practice", float], ...]:
        """An iteration costs by the groups with signal: an untrained policy earns nothing, so none has any; by a coin's reward all have.
        The longest problems of a band take the most memory."""
        if not isinstance(self.prompts, Band):
            return ((self, 0.0), (self, 1.0))
        usual, longest = self.prompts.trials()
        each = ((longest, Coin(), 0.0), (usual, self.reward, 0.5), (usual, Coin(), 0.5))
        return tuple((replace(self, prompts=prompts, reward=reward), share) for prompts, reward, share in each)

    def updates(self, run: Run, iteration: int) -> Iterator[Update]:
        a = self.algorithm
        judged, metrics = self._collect(run, iteration)
        r, signal = judged.rollouts, judged.signal
        advantage = chain(a.credit, judged.reward, r)  # [B, T]
        advantage = torch.where(signal.repeat_interleave(r.group)[:, None], advantage, 0.0)
        for _ in range(self.reuse):
            yield Update(self._parts(run, r, advantage, signal), metrics)

    def _collect(self, run: Run, iteration: int) -> tuple[Judged, Metrics]:
        """Rollouts with their rewards, and what to note of them; drawn again, up to the cap, while signal is missing."""
        drawn: list[Judged] = []
        total = solved = covered = 0.0
        groups = signal = 0
        for draw in range(self.algorithm.draws):
            problems = self.prompts.batch(run.context, self.problems, self.seed, iteration, draw)
            path = (self.seed, iteration, draw)
            with torch.no_grad():
                r = rollout(run.bare, run.vocab, problems, self.sampler, "rollout", *path)
                reward = fitting("reward", self.reward, self.reward(r, *path), r.mask, r.mask)  # [B, T]
            run.ledger.sampled += int(r.mask.sum())
            run.ledger.forward(r.forwarded, run.weights)
            drawn.append(Judged(r, reward, has_signal(self.algorithm.credit, reward, r)))
            total += reward.sum().item() / len(reward)
            process = torch.tensor([v.process for v in r.verdicts]).view(-1, r.group)
            solved += process.float().mean().item()
            covered += process.any(1).float().mean().item()
            groups += len(problems)
            signal += int(drawn[-1].signal.sum())
            if signal >= self.problems:
                break
        metrics = {
            "reward": total / len(drawn),
            "pass@1": solved / len(drawn),
            f"pass@{self.sampler.group}": covered / len(drawn),
            "signal": signal / groups,  # share of groups that have some
            "groups": groups,
        }
        return (drawn[0] if self.algorithm.draws == 1 else with_signal(drawn, self.problems)), metrics

    def _parts(self, run: Run, r: Rollouts, advantage: Tensor, signal: Tensor) -> Iterator[Tensor]:
        """The loss in parts of some groups each; their sum is the loss, however it is split. Without `signal` [P] there are none; with it,
        a divergence is taken over all groups."""
        a = self.algorithm
        weights = fitting("aggregate", a.aggregate, a.aggregate(r), r.mask, r.mask)  # [B, T]
        kept = (torch.ones_like(signal) if a.kl and signal.any() else signal).nonzero()[:, 0]
        for part in parts(r, kept, run.context.machine.rows):
            rows = part.rows
            tokens = int(r.mask[part.distinct].sum() + r.prompt_lengths[part.groups].sum())
            run.ledger.train(tokens, run.weights)
            if a.kl:
                run.ledger.forward(tokens, run.weights)
            logp = self._logp(run.model, r, part)  # [P * G, T]
            x = fitting("surrogate", a.surrogate, a.surrogate(logp, r.logp[rows], advantage[rows]), logp)  # off the mask weights are 0
            if a.kl:
                with torch.no_grad():
                    reference = self._logp(run.reference, r, part)
                x = x + a.kl * kl(logp, reference)
            yield (x * weights[rows]).sum()

    def _logp(self, model: GPT | torch.nn.Module, r: Rollouts, part: Part) -> Tensor:  # of the part's rows [P * G, T]
        tokens = r.tokens[part.distinct]
        logits = completion_logits(model, r.prompts[part.groups], r.prompt_lengths[part.groups], tokens, part.owners)
        return chosen_logp(logits / self.sampler.temperature, tokens)[part.same]
