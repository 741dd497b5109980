"""Asking a policy, and keeping what it said. Raw facts only: every statistic is computed later, from these."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

from train.ledger import Ledger, matrix_weights
from train.policy import load_policy
from train.prompts import Prompts
from train.rollouts import Sampler, rollout
from train.stage import Stage
from train.store import Store, write_json


@dataclass(frozen=True, eq=False, repr=False)
class Sample(Stage):
    """Completions of one batch of problems, with the judge's verdicts.

    Writes `samples.jsonl`, one line a completion: the problem's number, prompt and words, and whether answer and process
    are right.
    """

    policy: Stage
    prompts: Prompts
    problems: int = 64
    sampler: Sampler = Sampler(group=64)
    seed: int = 0

    VERSION: ClassVar[int] = 2  # problems lie in other splits than in version 1

    def run(self, out: Path, store: Store) -> None:
        policy = load_policy(store.get(self.policy))
        policy.model.to(store.machine.device).eval()
        asked = self.prompts.batch(store, self.problems, self.seed, 0, 0)
        r = rollout(policy.model, policy.vocab, asked, self.sampler, "sample", self.seed)
        ledger = Ledger(sampled=int(r.mask.sum()))
        ledger.forward(r.forwarded, matrix_weights(policy.model.config))
        lengths = r.mask.sum(1).tolist()
        with open(out / "samples.jsonl", "w") as file:
            for b, (tokens, verdict) in enumerate(zip(r.tokens.tolist(), r.verdicts, strict=True)):
                words = " ".join(policy.vocab.decode(tokens[: lengths[b]]))
                prompt = " ".join(self.sampler.surface.prompt(asked[b // r.group]))
                row = {"problem": b // r.group, "prompt": prompt, "words": words, "correct": verdict.correct, "process": verdict.process}
                print(json.dumps(row), file=file)
        write_json(out / "ledger.json", asdict(ledger))
