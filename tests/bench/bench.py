"""Speed, as ratios measured side by side in one run: `make bench`. Medians of alternating rounds; no verdicts."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from analysis.design.recipes import base, needing
from analysis.design.scale import SCALES, SMOKE
from analysis.measures.estimates import exact_pass_at_k, sampled_pass_at_k
from models import GPTConfig
from models.gpt import GPT
from models.sampling import chosen_logp, completion_logits, generate, invert, pad
from synthtasks.families import Program, Uses, problem
from synthtasks.rng import rng
from synthtasks.surfaces import Compact
from tests.bench.checking import checked
from tests.bench.learnable import learned
from tests.bench.making import made, paired
from train.policy import load_policy, torch_rng
from train.rl import Sampler, rollout
from train.score import asked as asked_of
from train.score import exam, solution_logp
from train.stages.store import Store

GROUP, PROMPTS, SAMPLES, AGREE, FEW, SCORED = 16, 32, 128, 64, 4, 2


@torch.no_grad()
def uncached(model: GPT, prompts: list[list[int]], uniforms: torch.Tensor) -> torch.Tensor:
    """The same samples without a cache."""
    rows = torch.tensor(prompts).repeat_interleave(len(uniforms) // len(prompts), 0)
    for t in range(uniforms.shape[1]):
        new = invert(model(rows)[:, -1].softmax(-1), uniforms[:, t])
        rows = torch.cat((rows, new[:, None]), 1)
    return rows


def agreement(table: Table) -> None:
    """Exact and sampled pass@k of a trained model: the smoke base, on problems that it sometimes solves."""
    with TemporaryDirectory() as folder:
        store = Store(Path(folder))
        policy = load_policy(store.get(base(SMOKE, (), 0)))
    family = replace(needing(SMOKE, ("mul",)), steps=5)
    held = exam((family,), Compact(), policy.vocab, AGREE, 0, ("add", "mul", "sub"))
    logp = solution_logp(policy.model, held, (1.0,))[0][0, 0]
    problems = tuple(asked_of(family, AGREE, 0))
    r = rollout(policy.model, policy.vocab, problems, Sampler(2 * SAMPLES), "agreement")
    solved = np.array([v.process for v in r.verdicts]).reshape(AGREE, -1).sum(1)
    for k in (1, 8, SAMPLES):
        exact, drawn = exact_pass_at_k(logp, k), sampled_pass_at_k(np.full(AGREE, 2 * SAMPLES), solved, k)
        error = (exact - drawn).std() / AGREE**0.5
        table.add_row(f"pass@{k} of a trained model, exact and sampled", f"{exact.mean():.4f} {drawn.mean():.4f}", f"± {error:.4f}")


def scored(table: Table) -> None:
    """What an exact score costs, and 128 samples: on the exam of the study, a few problems of every difficulty."""
    scale, surface = SCALES["cpu"], Compact()
    families = tuple(Program(steps, scale.lines, uses=Uses(("mul",), scale.uses)) for steps in range(1, scale.deepest + 1))
    vocab = surface.vocab(scale.lines, families[0].primitives, scale.modulus)
    model = GPT(GPTConfig(len(vocab)), torch_rng("bench"))
    held = exam(families, surface, vocab, SCORED, 0, ("add", "mul", "sub"))
    problems = [asked_of(family, SCORED, 0) for family in families]
    asked = [
        (
            [vocab.encode(surface.prompt(p)) for p in some],
            torch.from_numpy(rng("many").random((SCORED * SAMPLES, len(surface.solution(some[0]))), dtype="float32")),
        )
        for some in problems
    ]
    exact, sampled = paired(
        lambda: solution_logp(model, held, (1.0,)),
        lambda: [generate(model, prompts, uniforms, len(vocab)) for prompts, uniforms in asked],
    )
    words = held.words
    drawn = [generate(model, prompts, uniforms, len(vocab)) for prompts, uniforms in asked]
    samples = sum(sum(map(len, prompts)) + int(d.mask[:, :-1].sum()) for (prompts, _), d in zip(asked, drawn, strict=True))
    shared = sum(d.forwarded for d in drawn)
    table.add_row(f"score {SCORED} problems of each of {len(families)} difficulties exactly", f"{exact:.3f} s", "")
    table.add_row("  128 samples of each, cached", f"{sampled:.2f} s", f"{sampled / exact:.0f} x the time")
    table.add_row(
        "  tokens of these samples, a prompt once",
        f"{words:,} and {samples:,}",
        f"{samples / words:.0f} x the tokens",
    )
    table.add_row("  less the beginnings that they share", f"{shared:,}", f"{shared / words:.0f} x")


def main() -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    surface, family = Compact(), Program(steps=8, lines=20, uses=Uses(("mul",), 3))
    vocab = surface.vocab(20, family.primitives, 10)
    model = GPT(GPTConfig(len(vocab)), torch_rng("bench"))
    asked = [problem(family, "test", "bench", i) for i in range(PROMPTS)]
    prompts = [vocab.encode(surface.prompt(p)) for p in asked]
    limit = len(surface.solution(asked[0])) + 4
    uniforms = torch.from_numpy(rng("bench").random((PROMPTS * GROUP, limit), dtype="float32"))
    never = len(vocab)  # no token: every completion runs to the limit
    table = Table("what", "median", "ratio", box=None, padding=(0, 2))

    some, draws = prompts[:FEW], uniforms[: FEW * GROUP]
    cached, plain = paired(lambda: generate(model, some, draws, never), lambda: uncached(model, some, draws))
    table.add_row("sample 4 x 16 completions, cached", f"{cached:.2f} s", "")
    table.add_row("  without a cache", f"{plain:.2f} s", f"{plain / cached:.1f} x")

    tokens = generate(model, prompts, uniforms, never).tokens
    padded, lengths = pad(prompts, torch.device("cpu"))

    def update(shared: bool) -> None:
        for i in range(0, PROMPTS, 4):
            rows = slice(i * GROUP, (i + 4) * GROUP)
            owners = torch.arange(4).repeat_interleave(GROUP)
            which, owners = (torch.arange(i, i + 4), owners) if shared else (i + owners, torch.arange(4 * GROUP))
            chosen_logp(completion_logits(model, padded[which], lengths[which], tokens[rows], owners), tokens[rows]).mean().backward()

    once, full = paired(lambda: update(True), lambda: update(False))
    table.add_row("update on them, prompt once a group", f"{once:.2f} s", "")
    table.add_row("  prompt with every row", f"{full:.2f} s", f"{full / once:.1f} x")

    scored(table)
    agreement(table)
    checked(table)
    made(table)
    learned(table)
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
