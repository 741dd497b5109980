"""Learning by trial. One loop; an algorithm is a value.

    GRPO     = credit (Spread, Centre, Scale), surrogate Clip, aggregate Constant
    RLOO     = credit (Spread, LeaveOneOut), surrogate PolicyGradient
    DR_GRPO  = GRPO without Scale
    DAPO     = GRPO with clip-higher, every token alike, and draws until groups have signal

GRPO as it was published divides by each row's own length; here the denominator is constant (see `Constant`). Groups
without variance, which carry no gradient, cost no backward pass, and what a group says several times costs one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from models.generate import chosen_logp, completion_logits
from models.gpt import GPT
from train.checkpoint import Metrics
from train.credit import Centre, Credit, LeaveOneOut, Scale, Spread, chain
from train.learn import Run, Update
from train.objectives import Aggregate, Clip, Constant, PolicyGradient, Surrogate, TokenMean, kl
from train.parts import Part, parts
from train.prompts import Prompts
from train.rewards import Correct, Reward
from train.rollouts import Rollouts, Sampler, rollout
from train.share import Share


@dataclass(frozen=True)
class Algorithm:
    """A policy-gradient method as the choice of its parts."""

    credit: tuple[Credit, ...] = (Spread(), Centre(), Scale())
    surrogate: Surrogate = Clip()
    aggregate: Aggregate = Constant()
    kl: float = 0.0  # weight of the divergence from the policy that learning began from
    draws: int = 1  # of the batch of problems: more than one is dynamic sampling, which keeps groups with signal


GRPO = Algorithm()
RLOO = Algorithm(credit=(Spread(), LeaveOneOut()), surrogate=PolicyGradient())  # arXiv:2402.14740
DR_GRPO = Algorithm(credit=(Spread(), Centre()))  # arXiv:2503.20783
DAPO = Algorithm(surrogate=Clip(0.2, 0.28), aggregate=TokenMean(), draws=4)  # arXiv:2503.14476


@dataclass(frozen=True)
class Practice:
    """Draw completions, judge them, and make the better ones likelier."""

    prompts: Prompts
    reward: Reward = Correct()
    algorithm: Algorithm = GRPO
    sampler: Sampler = Sampler()
    problems: int = 32  # P, of one update
    reuse: int = 1  # updates on the same rollouts; one is on-policy
    seed: int = 0

    def updates(self, run: Run, iteration: int) -> Iterator[Update]:
        a = self.algorithm
        r, reward, metrics = self._collect(run, iteration)
        advantage = chain(a.credit, reward, r)  # [B, T]
        for _ in range(self.reuse):
            yield Update(self._parts(run, r, advantage), metrics)

    def _collect(self, run: Run, iteration: int) -> tuple[Rollouts, Tensor, Metrics]:
        """Rollouts, their rewards [B, T], and what to note of them; drawn again, up to the cap, while signal is missing."""
        drawn: list[tuple[Rollouts, Tensor]] = []
        total = solved = covered = 0.0
        groups = signal = 0
        for draw in range(self.algorithm.draws):
            problems = self.prompts.batch(run.store, self.problems, self.seed, iteration, draw)
            path = (self.seed, iteration, draw)
            with torch.no_grad():
                r = rollout(run.bare, run.vocab, problems, self.sampler, "rollout", *path, share=run.share)
                reward = self.reward(r, *path)  # [B, T]
            run.ledger.sampled += int(r.mask.sum())
            run.ledger.forward(r.forwarded, run.weights)
            drawn.append((r, reward))
            total += reward.sum().item() / len(reward)
            process = torch.tensor([v.process for v in r.verdicts]).view(-1, r.group)
            solved += process.float().mean().item()
            covered += process.any(1).float().mean().item()
            groups += len(problems)
            signal += int(varied(reward, r).sum())
            if signal >= self.problems:
                break
        metrics = {
            "reward": total / len(drawn),
            "pass@1": solved / len(drawn),
            f"pass@{self.sampler.group}": covered / len(drawn),
            "signal": signal / groups,  # share of groups whose rewards differ
            "groups": groups,
        }
        if self.algorithm.draws == 1:
            return *drawn[0], metrics
        return *with_signal(drawn, self.problems), metrics

    def _parts(self, run: Run, r: Rollouts, advantage: Tensor) -> Iterator[Tensor]:
        """The loss in parts of some groups each; their sum is the loss, however it is split."""
        a = self.algorithm
        weights = a.aggregate(r)  # [B, T]
        kept = torch.arange(len(r.problems), device=advantage.device)
        if not a.kl:
            kept = kept[(advantage != 0).view(len(r.problems), -1).any(1)]
        for mine, part in shared(run.share, r, kept, run.store.machine.rows):
            rows = part.rows
            tokens = int(r.mask[part.distinct].sum() + r.prompt_lengths[part.groups].sum())
            run.ledger.train(tokens, run.weights)
            if a.kl:
                run.ledger.forward(tokens, run.weights)
            if not mine:
                continue
            logp = self._logp(run.model, r, part)  # [P * G, T]
            x = a.surrogate(logp, r.logp[rows], advantage[rows])
            if a.kl:
                with torch.no_grad():
                    reference = self._logp(run.reference, r, part)
                x = x + a.kl * kl(logp, reference)
            yield (x * weights[rows]).sum()

    def _logp(self, model: GPT | torch.nn.Module, r: Rollouts, part: Part) -> Tensor:  # of the part's rows [P * G, T]
        tokens = r.tokens[part.distinct]
        logits = completion_logits(model, r.prompts[part.groups], r.prompt_lengths[part.groups], tokens, part.owners)
        return chosen_logp(logits / self.sampler.temperature, tokens)[part.same]


def shared(share: Share, r: Rollouts, kept: Tensor, size: int) -> Iterator[tuple[bool, Part]]:
    """The parts of all processes' shares of the groups `kept` [P], for the ledger counts what all do; which are this process's."""
    for index in range(share.count):
        for part in parts(r, kept[share.of(len(kept), index)], size):
            yield index == share.index, part


def varied(reward: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> bool [P]
    """Which groups have rewards that differ: the others teach nothing."""
    rows = reward.sum(1).view(-1, r.group)
    return (rows != rows[:, :1]).any(1)


def with_signal(parts: list[tuple[Rollouts, Tensor]], problems: int) -> tuple[Rollouts, Tensor]:
    """The first `problems` groups, those with signal before those without."""
    longest = max(r.tokens.shape[1] for r, _ in parts)
    widest = max(r.prompts.shape[1] for r, _ in parts)

    def joined(tensors: list[Tensor], width: int) -> Tensor:  # [*, t] each -> [sum of *, width]
        return torch.cat([torch.nn.functional.pad(x, (0, width - x.shape[1])) for x in tensors])

    first, group = parts[0][0], parts[0][0].group
    order = torch.cat([varied(reward, r) for r, reward in parts]).int().argsort(descending=True, stable=True)[:problems]
    rows = (order[:, None] * group + torch.arange(group, device=order.device)).view(-1)
    every = [r for r, _ in parts]
    return replace(
        first,
        problems=tuple([p for r in every for p in r.problems][i] for i in order.tolist()),
        limit=max(r.limit for r in every),
        prompts=joined([r.prompts for r in every], widest)[order],
        prompt_lengths=torch.cat([r.prompt_lengths for r in every])[order],
        tokens=joined([r.tokens for r in every], longest)[rows],
        mask=joined([r.mask for r in every], longest)[rows],
        logp=joined([r.logp for r in every], longest)[rows],
        traces=tuple([t for r in every for t in r.traces][i] for i in rows.tolist()),
        verdicts=tuple([v for r in every for v in r.verdicts][i] for i in rows.tolist()),
        forwarded=sum(r.forwarded for r in every),
    ), joined([reward for _, reward in parts], longest)[rows]
