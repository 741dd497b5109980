"""Reinforcement learning: one loop for every policy-gradient method (a value of `train.rl.algorithms`).

Groups without signal (see `has_signal`) have no gradient and cost no backward pass; equal completions of a group cost one. If no group has
signal, there is no step at all, neither from rounding errors nor from the KL divergence, which only restrains other steps.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, ClassVar

from synthtasks.checked import From, check
from train.ledger import BACKWARD, LENGTH
from train.rl.algorithms import GRPO, Algorithm
from train.rl.batches import batch_logp, batch_passed, completion_logp, micro_batches
from train.rl.contracts import fitting
from train.rl.credit import chain, compares, read_by
from train.rl.objectives import Restraint, Surrogate, distance, kl
from train.rl.problems import ProblemSource, stream, trials
from train.rl.rewards import Coin, Correct, Reward, refers
from train.rl.rollouts import Rollouts
from train.rl.sampler import Sampler, ask, judged
from train.run import Metrics, Run, Term, Update

if TYPE_CHECKING:
    from torch import Tensor

    from train.rl.signal import Judged


@dataclass(frozen=True)
class Objective:
    """The loss of tokens: the surrogate, the restraint and, with weight `kl`, the KL divergence from the reference."""

    surrogate: Surrogate
    kl: float
    restraint: Restraint | None

    def __call__(self, logp: Tensor, old: Tensor, advantage: Tensor, mask: Tensor, weights: Tensor, *more: Tensor) -> Tensor:
        """[B, T], all of them [B, T]; `weights` are 0 off the mask, where log-probabilities have no meaning. `more` holds the weights of
        the restraint, if there is one, and the reference's log-probabilities, if `kl` has weight."""
        x = fitting("surrogate", self.surrogate, self.surrogate(logp, old, advantage, mask), logp)
        if self.restraint:
            x = x + more[0] * distance(logp, old)
        if self.kl:
            x = x + self.kl * kl(logp, more[-1])
        return x * weights


@dataclass(frozen=True)
class Practice:
    """Draw completions, judge them, and make the better ones more likely. With `Sampler.views`, they become more likely without what the
    views state: what an open book helped to write is learned as if it had been written by heart, and the ratio is 1 at the first update.

    Each minibatch is a loss of its own, with the weights of its aggregate. Every update compares the policy with the one that sampled, so
    that a clip can act from the second update of an iteration on.

    Raises:
        ValueError: if no update could ever have signal, since there is nothing to compare; if the minibatches do not split the problems
            evenly; if the credit reads what the sampler does not record; or if a field has a wrong value.
    """

    source: ProblemSource
    reward: Reward = Correct()
    algorithm: Algorithm = GRPO
    sampler: Sampler = Sampler()
    problems: Annotated[int, From(1)] = 32  # P, of one iteration
    reuse: Annotated[int, From(1)] = 1  # passes over the same rollouts
    seed: Annotated[int, From(0)] = 0
    minibatches: Annotated[int, From(1)] = 1  # updates of one pass, each on an equal part of the groups; one update in all is on-policy

    word: ClassVar[str] = "practise"

    def __post_init__(self) -> None:
        check(self)
        if self.sampler.group == 1 and compares(self.algorithm.credit):
            fault = f"{self.algorithm.credit} compares the completions of a problem, of which the sampler draws one"
            raise ValueError(f"{fault}: give Sampler a group of at least 2, or Algorithm a credit that compares nothing, as (Spread(),)")
        if self.sampler.group * self.problems == 1:
            raise ValueError("an update on one completion has nothing to compare it with; raise Practice.problems or Sampler.group")
        if self.problems % self.minibatches:
            raise ValueError(f"minibatches split the problems evenly; found {self.problems} problems in {self.minibatches} minibatches")
        taken = self.sampler.records
        if lacking := [name for name in read_by(self.algorithm.credit) if name not in taken]:
            names = "".join(f"{name!r}, " for name in (*taken, *lacking))
            raise ValueError(f"{self.algorithm.credit} reads the {lacking[0]} of tokens; give Sampler records=({names.rstrip(' ')})")

    @property
    def per_iteration(self) -> int:
        """Updates of an iteration."""
        return self.reuse * self.minibatches

    @property
    def stacks(self) -> Hashable | None:
        """Losses that networks in a stack can share; those of one region meet problems of about equal length."""
        region = getattr(self.source, "region", "")
        shared = ("practice", self.algorithm, self.sampler, self.problems, self.reuse, self.minibatches, region)
        return None if self.sampler.environment or self.sampler.views else shared

    @property
    def moves(self) -> bool:
        """True if it reads a reference that moves, which `Run.moving` holds: in the KL divergence or in the reward."""
        return self.algorithm.reference.moves and (self.algorithm.kl > 0 or refers(self.reward))

    @property
    def drawn_by(self) -> tuple[object, ...]:
        return "practice", stream(self.source), self.seed

    @property
    def work(self) -> float:
        return (1 + BACKWARD) * self.problems * self.sampler.group * LENGTH

    def trials(self) -> tuple[tuple[Practice, float], ...]:
        """Trials at low and at high cost: an iteration costs by its groups with signal. An untrained policy earns no reward, so no group
        has signal; with a coin's reward all have. The longest problems of a band take the most memory."""
        usual, longest = trials(self.source)
        if usual == self.source:
            return ((self, 0.0), (self, 1.0))
        each = ((longest, Coin(), 0.0), (usual, self.reward, 0.5), (usual, Coin(), 0.5))
        return tuple((replace(self, source=source, reward=reward), share) for source, reward, share in each)

    def updates(self, run: Run, iteration: int) -> Iterator[Update]:
        import torch

        a = self.algorithm
        if run.moving:
            a.reference.follow(run.moving, run.bare, iteration)
        judged, metrics = self._collect(run, iteration)
        r, signal = judged.rollouts, judged.signal
        advantage = chain(a.credit, judged.reward, r)  # [B, T]
        advantage = advantage.where(signal.repeat_interleave(r.group)[:, None], 0.0)
        parts = [(r, advantage, signal)]
        if self.minibatches > 1:
            groups = torch.arange(len(r.problems), device=signal.device)
            parts = [(r.take(some), advantage[r.rows(some)], signal[some]) for some in groups.view(-1, self.minibatches).T]
        for part in self.reuse * parts:
            yield Update(self._terms(run, *part), metrics)

    def _collect(self, run: Run, iteration: int) -> tuple[Judged, Metrics]:
        """Rollouts with their rewards, and their metrics. Drawn again, up to `Algorithm.draws` times, while too few groups have signal."""
        import torch

        from train.rl.signal import Judged, has_signal, with_signal

        drawn: list[Judged] = []
        total = solved = covered = 0.0
        groups = signal = 0
        for draw in range(self.algorithm.draws):
            problems = self.source.batch(run.context, self.problems, self.seed, iteration, draw)
            with torch.no_grad():
                request = ask(run.vocab, problems, self.sampler, run.bare.config.context, "rollout", self.seed, iteration, draw)
                r = judged(request, run.complete(request.asked))
                if self.sampler.views:  # what was drawn with more in view is compared with what this policy says without
                    r = replace(r, logp=completion_logp(run, run.bare, r, self.sampler.temperature))
                reward = fitting("reward", self.reward, self.reward(r, run), r.mask, r.mask, r.path)  # [B, T]
            run.ledger.sampled += int(r.mask.sum())
            run.ledger.forward(r.forwarded, run.bare.config)
            drawn.append(Judged(r, reward, has_signal(self.algorithm.credit, reward, r)))
            total += reward.sum().item() / len(reward)
            process = r.process.view(-1, r.group)
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

    def _terms(self, run: Run, r: Rollouts, advantage: Tensor, signal: Tensor) -> Iterator[Term]:
        """The loss as a sum over micro-batches, independent of how it is split. Without any `signal` [P] it is empty; with some, the KL
        divergence is taken over all groups."""
        import torch

        a, temperature = self.algorithm, self.sampler.temperature
        weights = fitting("aggregate", a.aggregate, a.aggregate(r), r.mask, r.mask, r.path)  # [B, T]
        held = [fitting("restraint", a.restraint, a.restraint(advantage, r), r.mask, r.mask, r.path)] if a.restraint else []  # [B, T]
        kept = (signal | bool(a.kl and signal.any())).nonzero()[:, 0]
        for batch in micro_batches(r, kept, run.context.machine.rows):
            rows, read = batch.rows, batch_passed(r, batch)
            run.ledger.train(read, run.bare.config)
            given: tuple[Tensor, ...] = (r.logp[rows], advantage[rows], r.mask[rows], weights[rows], *(x[rows] for x in held))
            tried = a.surrogate(given[0], *given[:3])  # here where it can be said whose it is; in a captured pass no value can be looked at
            fitting("surrogate", a.surrogate, tried, given[0], path=r.path)
            if a.kl:
                run.ledger.forward(read, run.bare.config)
                with torch.no_grad():
                    given = (*given, batch_logp(run.reference, r, batch, temperature))
            prompts = r.prompts[batch.groups], r.prompt_lengths[batch.groups]
            objective = Objective(a.surrogate, a.kl, a.restraint)
            yield Term(*prompts, r.tokens[batch.distinct], batch.owners, objective, given, batch.same, temperature)
