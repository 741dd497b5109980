"""Sparse autoencoders of the residual stream as stages, and vectors of single features.

Shapes: N words, F features, D width.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np

from synthtasks.checked import Above, Checked, From, check
from synthtasks.rng import rng
from train.ledger import LENGTH, Ledger
from train.losses.sources import Source
from train.policy import Policy, load_policy
from train.stages.arrays import Layout, load_arrays, save_arrays
from train.stages.disk import write_json
from train.stages.seal import defined
from train.stages.stage import Context, Shelf, Stage, Undefined
from train.steering.autoencoder import Autoencoder, fit
from train.steering.stream import until

if TYPE_CHECKING:
    from torch import Tensor

SCHEMA = 1  # of features.npz
LAYOUT = {"encoder": "f F D", "decoder": "f F D", "bias": "f D", "active": "f C F", "means": "f C F", "explained": "f O"}
BATCH = 64  # documents of a forward pass
MATCHED = 8  # features of nearest density, of which a placebo is one


@dataclass(frozen=True, eq=False, repr=False)
class SparseAutoencoder(Stage):
    """An autoencoder of the stream that leaves a block, at the words that carry loss in documents of two kinds.

    Writes `features.npz`: `encoder` [F, D], `decoder` [F, D] and `bias` [D]; for documents of `more` and of `less` the share of words at
    which a feature is `active` [2, F], and the mean of its activity over all words (`means` [2, F]); the share of variance that is
    `explained` [1]; and `schema`.

    Raises:
        ValueError: if a word has more active features than there are.
        Undefined: from `run`, if one of the sources has no such words.
    """

    policy: Stage
    block: Annotated[int, From(0)]
    more: Source
    less: Source
    documents: Annotated[int, From(1)] = 2_048  # of each source
    features: Annotated[int, From(1)] = 256
    k: Annotated[int, From(1)] = 8
    iterations: Annotated[int, From(0)] = 600
    batch: Annotated[int, From(1)] = 512  # words
    lr: Annotated[float, Above(0)] = 2e-3
    seed: Annotated[int, From(0)] = 0

    writes: ClassVar[tuple[str, ...]] = ("features.npz", "ledger.json")

    def __post_init__(self) -> None:
        check(self)
        if self.k > self.features:
            raise ValueError(f"SparseAutoencoder.k is at most its features; found {self.k} of {self.features}")

    @property
    def work(self) -> float:
        return 2.0 * self.documents * LENGTH

    def run(self, out: Path, context: Context) -> None:
        import torch

        policy, ledger = load_policy(context.get(self.policy)), Ledger()
        policy.model.to(context.machine.device).eval()
        kinds = [torch.cat([*self._words(policy, source, ledger, context)]) for source in (self.more, self.less)]
        if not all(map(len, kinds)):
            raise Undefined("an autoencoder of no words is not defined: one of its sources has no document with a word that carries loss")
        x = torch.cat(kinds)
        found = fit(x, self.features, self.k, self.iterations, self.batch, self.lr, self.seed)
        activity = [found.encode(kind) for kind in kinds]
        arrays = {
            **{name: getattr(found, name).float().cpu().numpy() for name in ("encoder", "decoder", "bias")},
            "active": torch.stack([(z != 0).float().mean(0) for z in activity]).cpu().numpy(),
            "means": torch.stack([z.mean(0) for z in activity]).cpu().numpy(),
            "explained": np.array([found.explained(x)]),
        }
        save_arrays(out / "features.npz", SCHEMA, arrays)
        write_json(out / "ledger.json", asdict(ledger))

    def _words(self, policy: Policy, source: Source, ledger: Ledger, context: Context) -> Iterator[Tensor]:  # [N, D]
        """The stream at the words of a source that carry loss."""
        import torch

        from models.cost import passed
        from models.sampling import pad

        drawn = list(islice(source.documents(context, 0, "autoencoder", self.seed), self.documents))
        yield torch.zeros(0, policy.model.config.width, device=policy.model.device)
        for part in (drawn[first : first + BATCH] for first in range(0, len(drawn), BATCH)):
            tokens, lengths = pad([policy.vocab.encode((*d.prompt, *d.body)) for d in part], policy.model.device)
            mask, _ = pad([[0] * len(d.prompt) + [int(x) for x in source.learned(d)] for d in part], policy.model.device)
            with torch.no_grad():
                yield until(policy.model, self.block, tokens)[mask.bool()]
            ledger.forward(passed(lengths), policy.model.config)


@dataclass(frozen=True, eq=False)
class Features:
    """The result of `SparseAutoencoder`."""

    autoencoder: Autoencoder
    active: Tensor  # [2, F]
    means: Tensor  # [2, F]
    explained: float

    @property
    def dead(self) -> Tensor:  # bool [F]
        """True for features that no word makes active."""
        return self.active.sum(0) == 0

    @property
    def contrast(self) -> Tensor:  # [F]
        """The mean activity in documents of `more`, less that in those of `less`."""
        return self.means[0] - self.means[1]


def read_features(stage: SparseAutoencoder, shelf: Shelf) -> Features:
    """The result of `stage`.

    Raises:
        Undefined: if it has none.
        Malformed: if it cannot be read, or is of another number of features.
    """
    import torch

    sizes = {"F": stage.features, "C": 2, "O": 1}
    arrays = load_arrays(defined(shelf.get(stage)) / "features.npz", SCHEMA, Layout(LAYOUT, sizes))
    x = {name: torch.from_numpy(arrays[name]) for name in LAYOUT}
    return Features(Autoencoder(x["encoder"], x["decoder"], x["bias"], stage.k), x["active"], x["means"], float(x["explained"]))


@dataclass(frozen=True)
class Feature(Checked):
    """The feature with the largest contrast, or the next ones by `rank`, as a vector: its direction, as long as its mean activity where it
    is active in documents of `more` (arXiv:2601.08058 adds such a vector)."""

    of: SparseAutoencoder
    rank: Annotated[int, From(0)] = 0

    def vector(self, context: Shelf) -> Tensor:  # [D]
        found = read_features(self.of, context)
        return _direction(found, _ranked(found, self.rank))


@dataclass(frozen=True)
class RandomFeature(Checked):
    """Another feature, at random of those that are active about as often as the feature with the largest contrast: the placebo of the
    choice. It is as long as that one."""

    of: SparseAutoencoder
    seed: Annotated[int, From(0)] = 0

    def vector(self, context: Shelf) -> Tensor:  # [D]
        found = read_features(self.of, context)
        best, density = _ranked(found, 0), found.active.mean(0)
        others = [i for i in (density - density[best]).abs().argsort(stable=True).tolist() if i != best and not found.dead[i]][:MATCHED]
        if not others:
            raise Undefined("no other feature is active, so that there is no placebo; take more features")
        other = others[int(rng("random feature", self.seed).integers(len(others)))]
        return found.autoencoder.decoder[other] * float(_direction(found, best).norm())


def _ranked(found: Features, rank: int) -> int:
    return int(found.contrast.argsort(descending=True, stable=True)[rank])


def _direction(found: Features, feature: int) -> Tensor:  # [D]
    often, mean = found.active[0, feature], found.means[0, feature]
    return found.autoencoder.decoder[feature] * float(mean / often.clamp(min=1e-9))
