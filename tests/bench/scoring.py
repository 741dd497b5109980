"""The cost of an exact score beside that of 128 samples, and their agreement."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from analysis.design.recipes import PROGRAMS, base, needing
from analysis.design.scale import SCALES, SMOKE
from analysis.measures.estimates import exact_pass_at_k, sampled_pass_at_k
from models import GPTConfig
from models.gpt import GPT
from models.sampling import generate
from synthtasks.families import Program, Uses, at
from synthtasks.rng import rng
from synthtasks.surfaces import Compact, write
from tests.bench.rows import Row, paired
from train.policy import load_policy, torch_rng
from train.rl import Sampler, rollout
from train.score import asked, exam, solution_logp
from train.stages.store import Store

SAMPLES, AGREE, SCORED = 128, 64, 2


def scored() -> Iterator[Row]:
    """The exam of the study, a few problems of every difficulty."""
    scale, surface = SCALES["cpu"], Compact()
    families = tuple(
        Program(steps, scale.lines, modulus=scale.modulus, uses=Uses(("mul",), scale.uses)) for steps in range(1, scale.deepest + 1)
    )
    vocab = surface.vocab(scale.lines, families[0].primitives, scale.modulus)
    model = GPT(GPTConfig(len(vocab)), torch_rng("bench"))
    held = exam(families, surface, vocab, SCORED, 0, ("add", "mul", "sub"))
    written = [write(asked(family, SCORED, 0), surface, vocab) for family in families]
    to_complete = [
        (w.unpadded, torch.from_numpy(rng("many").random((SCORED * SAMPLES, w.solutions.shape[1]), dtype="float32"))) for w in written
    ]
    exact, sampled = paired(
        lambda: solution_logp(model, held, (1.0,)),
        lambda: [generate(model, prompts, uniforms, len(vocab)) for prompts, uniforms in to_complete],
    )
    words = held.passed.tokens
    drawn = [generate(model, prompts, uniforms, len(vocab)) for prompts, uniforms in to_complete]
    samples = sum(int(w.prompt_lengths.sum()) + int(d.mask[:, :-1].sum()) for w, d in zip(written, drawn, strict=True))
    shared = sum(d.forwarded.tokens for d in drawn)
    yield Row(f"pass@{SAMPLES} of {SCORED} problems of each of {len(families)} difficulties, exactly", exact, "s")
    yield Row(f"  by {SAMPLES} samples of each", sampled, "s", sampled / exact, "x the time")
    yield Row("  tokens of an exact score, a program once", words, "tokens")
    yield Row("  of the samples, a prompt once", samples, "tokens", samples / words, "x the tokens")
    yield Row("  less the beginnings that they share", shared, "tokens", shared / words, "x the tokens")


def agreement() -> Iterator[Row]:
    """Exact and sampled pass@k of a trained model: the smoke base, on problems that it sometimes solves."""
    with TemporaryDirectory() as folder:
        store = Store(Path(folder))
        policy = load_policy(store.get(base(SMOKE, (), 0)))
    family = at(needing(SMOKE, PROGRAMS), SMOKE.solved + 2)
    held = exam((family,), Compact(), policy.vocab, AGREE, 0, ("add", "mul", "sub"))
    logp = solution_logp(policy.model, held, (1.0,))[0][0, 0]
    r = rollout(policy.model, policy.vocab, asked(family, AGREE, 0), Sampler(2 * SAMPLES), "agreement")
    solved = r.process.view(AGREE, -1).sum(1).numpy()
    for k in (1, 8, SAMPLES):
        exact, drawn = exact_pass_at_k(logp, k), sampled_pass_at_k(np.full(AGREE, 2 * SAMPLES), solved, k)
        error = (exact - drawn).std() / AGREE**0.5
        yield Row(f"pass@{k} of a trained model, exactly", exact.mean(), "")
        yield Row(f"  by {2 * SAMPLES} samples", drawn.mean(), f"± {error:.4f}", drawn.mean() / exact.mean(), "x the exact one")
