"""Whether a small model learns to say each family's solutions: its loss on held-out ones against the entropy of their words."""

import math
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from models import GPTConfig
from synthtasks.corpora import Corpus, Recipe, Solved
from synthtasks.families import S3, Circuit, Compose, Dag, Family, Grid, Group, Hops, Mix, Part, Program, Tree, problems
from synthtasks.surfaces import Compact, Equations, Surface
from tests.bench.rows import Row
from train.learn import Learn
from train.losses.imitate import Imitate, collate
from train.optim import Optim
from train.policy import Fresh, load_policy
from train.stages.store import Store

ITERATIONS, TOKENS, HELD_OUT = 300, 2_048, 128
EASY: dict[str, tuple[Family, Surface]] = {
    "Program": (Program(steps=2, lines=6, modulus=3), Compact()),
    "Dag": (Dag(steps=3, depth=2, branching=1, modulus=3), Equations()),
    "Circuit": (Circuit(steps=3, depth=2), Equations()),
    "Tree": (Tree(steps=3, depth=2, modulus=3), Equations()),
    "Hops": (Hops(steps=2, nodes=5), Equations()),
    "Group": (Group(steps=2, product=S3), Equations()),
    "Grid": (Grid(steps=3, side=3, walls=1), Equations()),
    "Compose": (Compose(steps=1, letters=3, modulus=4), Equations()),
    "Mix": (Mix((Part(1, Tree(steps=3, depth=2, modulus=3)), Part(1, Circuit(steps=3, depth=2)))), Equations()),
}


def losses(family: Family, surface: Surface) -> tuple[float, float]:
    """Nats a word of held-out solutions: the model's loss, and the entropy of the words by their frequency alone."""
    corpus = Corpus((Recipe(1, family, Solved(surface)),))
    vocab = surface.vocab(family.names, family.primitives, family.modulus)
    fresh = Fresh(GPTConfig(len(vocab), 32, 2, 4, 4, context=256), vocab, 0)
    learn = Learn(fresh, ((1.0, Imitate(corpus, TOKENS)),), ITERATIONS, Optim(8e-3, weight_decay=0.1, warmup=15, decay=0.3))
    with TemporaryDirectory() as folder:
        policy = load_policy(Store(Path(folder)).get(learn))
    held = [Solved(surface)(p) for p in islice(problems(family, "test", "learnable"), HELD_OUT)]
    rows = collate(held, [corpus.learned(d) for d in held], vocab, torch.device("cpu"))
    with torch.no_grad():
        logp = rows.logp(policy.model)
    learned = rows.learned
    often = Counter(word for document in held for word in document.body)
    entropy = -sum(n / often.total() * math.log(n / often.total()) for n in often.values())
    return float(-(logp * learned).sum() / learned.sum()), entropy


def learned() -> Iterator[Row]:
    """Rows for each family."""
    for name, (family, surface) in EASY.items():
        loss, entropy = losses(family, surface)
        yield Row(f"{name}, learned for {ITERATIONS} iterations: loss", loss, "nats", loss / entropy, "of the entropy of its words")
