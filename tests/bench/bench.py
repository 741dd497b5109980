"""Speed, as ratios measured side by side in one run: `make bench`. Medians of alternating rounds; no verdicts."""

import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import torch
from rich.console import Console
from rich.table import Table

from models.generate import chosen_logp, completion_logits, generate, pad
from models.gpt import GPT, GPTConfig
from synthtasks.families import Program, Uses, problem
from synthtasks.rng import rng
from synthtasks.surfaces import Compact
from synthtasks.verify import verify
from train.ledger import Ledger
from train.policy import torch_rng
from train.score import exam, solution_logp

ROUNDS = 5
GROUP, PROMPTS, SAMPLES = 16, 32, 128


def paired(*work: Callable[[], object]) -> list[float]:
    """Median seconds of each, in alternating rounds after one that does not count."""
    spent: list[list[float]] = [[] for _ in work]
    for round_ in range(ROUNDS + 1):
        for i, do in enumerate(work):
            began = time.perf_counter()
            do()
            if round_:
                spent[i].append(time.perf_counter() - began)
    return [statistics.median(s) for s in spent]


@torch.no_grad()
def uncached(model: GPT, prompts: list[list[int]], uniforms: torch.Tensor) -> torch.Tensor:
    """The same samples without a cache."""
    from models.generate import invert

    rows = torch.tensor(prompts).repeat_interleave(len(uniforms) // len(prompts), 0)
    for t in range(uniforms.shape[1]):
        new = invert(model(rows)[:, -1].softmax(-1), uniforms[:, t])
        rows = torch.cat((rows, new[:, None]), 1)
    return rows


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

    cached, plain = paired(lambda: generate(model, prompts, uniforms, never), lambda: uncached(model, prompts, uniforms))
    table.add_row("sample 32 x 16 completions, cached", f"{cached:.2f} s", "")
    table.add_row("  without a cache", f"{plain:.2f} s", f"{plain / cached:.1f} x")

    tokens = generate(model, prompts, uniforms, never).tokens
    padded, lengths = pad(prompts, torch.device("cpu"))

    def update(shared: bool) -> None:
        for i in range(0, PROMPTS, 4):
            rows = slice(i * GROUP, (i + 4) * GROUP)
            which = torch.arange(i, i + 4) if shared else torch.arange(i, i + 4).repeat_interleave(GROUP)
            chosen_logp(completion_logits(model, padded[which], lengths[which], tokens[rows]), tokens[rows]).mean().backward()

    once, full = paired(lambda: update(True), lambda: update(False))
    table.add_row("update on them, prompt once a group", f"{once:.2f} s", "")
    table.add_row("  prompt with every row", f"{full:.2f} s", f"{full / once:.1f} x")

    held = exam(family, surface, vocab, PROMPTS, 0, ("add", "mul", "sub"))
    many = torch.from_numpy(rng("many").random((PROMPTS * SAMPLES, limit), dtype="float32"))
    ledger = Ledger()
    exact, sampled = paired(lambda: solution_logp(model, held, (1.0,), ledger), lambda: generate(model, prompts, many, never))
    drawn = generate(model, prompts, many, never)
    one = Ledger()
    solution_logp(model, held, (1.0,), one)
    table.add_row("score 32 problems exactly", f"{exact:.3f} s", "")
    table.add_row("  128 samples of each, cached", f"{sampled:.2f} s", f"{sampled / exact:.0f} x the time")
    table.add_row("  tokens forwarded", f"{one.forwarded} and {drawn.forwarded}", f"{drawn.forwarded / one.forwarded:.0f} x the tokens")

    ten = replace(family, steps=10)

    def make() -> None:
        for i in range(500):
            p = problem(ten, "train", "speed", i)
            vocab.encode(surface.prompt(p) + surface.solution(p))
            assert verify(p, surface.read(surface.solution(p))).process

    (seconds,) = paired(make)
    table.add_row("problems made, written, encoded, judged", f"{500 / seconds:.0f} a second", "")
    Console().print(table)


if __name__ == "__main__":
    main()
