"""Ways of eliciting what a base has, each beside its placebo, from the bases of the study of eliciting."""

from dataclasses import dataclass

from analysis.design.recipes import PROGRAMS, base, everything, exam, knowing, needing
from analysis.design.scale import Scale
from synthtasks.corpora import Answered, Corpus, Recipe, Solved, Writer
from synthtasks.critiques import Critique, Shuffled
from synthtasks.families import Family, at
from synthtasks.formats import Either
from train.decoding import AnswerSpan, Branch
from train.learn import Learn
from train.losses import Gold
from train.losses.imitate import Imitate
from train.losses.practice import Practice
from train.optim import Optim
from train.policy import Steer
from train.rl import GRPO, Coin, Endless, Process, Reward, Sampler
from train.stages.stage import Stage
from train.steering import BestOf, Feature, MakesVector, MeanDifference, RandomFeature, RandomLike, SparseAutoencoder, Tuned

LATENT, LACKING, HABIT = "latent", "no primitive", "by habit"
SHARES = {LATENT: 0.1, LACKING: 0.1, HABIT: 0.9}  # of documents that derive
READING = 1 / 7  # iterations of reading on, as a share of those of pretraining
RATE = 0.3  # its learning rate, as a share of that of pretraining
SHORTER = 2  # times fewer iterations of RL
CRITIQUES = (3 / 110, 0.05)  # iterations and learning rate of critique fine-tuning, as shares of those of pretraining
LONG = (3 / 22, 0.3)  # the same, where a primitive may have to be learned
REPLAY = 0.3  # share of iterations on derivations there
HIDDEN = PROGRAMS.withhold  # primitives of which critiques give no value
BRANCHES, MANY = 2, 10  # the first words that are tried: the vocabulary is so small that ten hold lines that nobody asked for
ASKS = ":"  # the last word of prompts, where generation begins and is steered
STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
WORDS = 2  # of a completion, the first: the difference of their means is the vector
TRIED = 8  # features with the largest contrast
DRAWS = 3  # of a random direction
RL, COIN, CFT, SHUFFLED, REVEALING = "RL", "RL, coin", "critiques", "critiques, shuffled", "critiques, revealing"
NOTHING, LONGER, DECODED, ANY, WIDE = "nothing", "critiques, longer", "decoding", "decoding, any branch", "decoding, 10 branches"
VECTOR, RANDOM, FEATURE, OTHER = "steering", "steering, random vector", "feature", "feature, random"
TUNED, TUNED_OTHER = "steering, tuned random vector", "feature, tuned random"
WAYS = (RL, CFT, DECODED, VECTOR, FEATURE)
PLACEBOS = {RL: COIN, CFT: SHUFFLED, DECODED: ANY, VECTOR: RANDOM, FEATURE: OTHER}
ARMS = {
    LATENT: (NOTHING, *(arm for pair in PLACEBOS.items() for arm in pair), WIDE, TUNED, TUNED_OTHER),
    LACKING: (NOTHING, *WAYS, LONGER, REVEALING),
    HABIT: (NOTHING, CFT, DECODED),
}
SPAN = AnswerSpan("disparity")


def reader(scale: Scale, name: str, seed: int) -> Learn:
    """The grid's base, after it has read on in documents that derive their answer, or give it alone."""
    names = HIDDEN if name == LACKING else ()
    solved = exam(everything(scale), scale.solved)
    write = Either(Solved(), Answered(), SHARES[name])
    read = Corpus(tuple(Recipe(1 / len(solved), family, write, questions=scale.questions) for family in solved), names)
    return taught(scale, base(scale, names, seed), read, (READING, RATE), seed)


def taught(scale: Scale, policy: Stage, read: Corpus, dose: tuple[float, float], seed: int) -> Learn:
    """The policy after learning from documents, for these shares of the iterations and of the learning rate of pretraining."""
    iterations = max(2, round(dose[0] * scale.pretraining))
    optim = Optim(dose[1] * scale.pretraining_lr, weight_decay=0.1, warmup=iterations // 20, decay=scale.pretraining_decay)
    return Learn(policy, ((1.0, Imitate(read, scale.tokens, seed)),), iterations, optim)


def problems(scale: Scale) -> Family:
    """Problems of as many steps as pretraining has solved, which need the withheld primitive."""
    return at(needing(scale, PROGRAMS), scale.solved)


def known(scale: Scale) -> Family:
    """Problems as long that do not need it: those on which steering is tuned, in every base."""
    family = knowing(scale, PROGRAMS)
    assert family is not None
    return at(family, scale.solved)


@dataclass(frozen=True)
class Bench:
    """The ways of eliciting from one base of a seed."""

    scale: Scale
    name: str
    seed: int

    @property
    def start(self) -> Learn:
        return reader(self.scale, self.name, self.seed)

    def policy(self, arm: str, draw: int = 0) -> Stage:
        """The policy of an arm, in which chance draws a direction. Decoding leaves the base's as it is."""
        critique = Critique("walk", hidden=HIDDEN if self.name == LACKING else ())
        if arm in (RL, COIN):
            return self._practised(Process() if arm == RL else Coin())
        if arm in (CFT, SHUFFLED):
            return self._criticised(critique if arm == CFT else Shuffled(critique))
        if arm in (LONGER, REVEALING):
            return self._longer(HIDDEN if arm == REVEALING else ())
        number = DRAWS * self.seed + draw
        if arm in (VECTOR, RANDOM):
            return self._steered((self.difference,), RandomLike(self.difference, number) if arm == RANDOM else None)
        if arm in (FEATURE, OTHER):
            tried = tuple(Feature(self.features, rank) for rank in range(TRIED))
            return self._steered(tried, RandomFeature(self.features, number) if arm == OTHER else None)
        if arm == TUNED:
            return self._steered((RandomLike(self.difference, number),))
        if arm == TUNED_OTHER:
            return self._steered(tuple(RandomFeature(self.features, which) for which in range(TRIED)))
        assert arm in (NOTHING, DECODED, ANY, WIDE)
        return self.start

    def drawn(self, arm: str, draw: int = 0) -> Branch:
        """The completions of an arm: greedy, or several of each problem."""
        branches = {DECODED: BRANCHES, ANY: BRANCHES, WIDE: MANY}.get(arm, 1)
        sampler = Sampler(branches, records=SPAN.records) if branches > 1 else Sampler(1)
        return Branch(self.policy(arm, draw), Endless(problems(self.scale), "test"), self.scale.exam_problems, sampler, self.seed)

    def _practised(self, reward: Reward) -> Learn:
        scale = self.scale
        practice = Practice(Endless(problems(scale)), reward, GRPO, Sampler(scale.group), scale.problems, seed=self.seed)
        return Learn(self.start, ((1.0, practice),), max(2, scale.rl_iterations // SHORTER), Optim(scale.rl_lr))

    def _criticised(self, write: Writer) -> Learn:
        """The policy after critique fine-tuning."""
        return taught(self.scale, self.start, Corpus((Recipe(1.0, problems(self.scale), write),)), CRITIQUES, self.seed)

    def _longer(self, shown: tuple[str, ...]) -> Learn:
        """The policy after more critiques, among derivations, so that it does not forget to answer. Results of the withheld primitives
        carry no loss, unless critiques show them."""
        family = problems(self.scale)
        recipes = (Recipe(1 - REPLAY, family, Critique("walk"), shown=shown), Recipe(REPLAY, family))
        return taught(self.scale, self.start, Corpus(recipes, HIDDEN), LONG, self.seed)

    def _texts(self, write: Writer) -> Gold:
        return Gold(Endless(known(self.scale)), 64, 32, write, self.seed)

    @property
    def block(self) -> int:
        """The block after which the stream is steered: the last."""
        return self.scale.layers - 1

    @property
    def difference(self) -> MeanDifference:
        """The mean of derivations less that of direct answers."""
        return MeanDifference(self.start, self.block, self._texts(Solved()), self._texts(Answered()), words=WORDS, seed=self.seed)

    @property
    def features(self) -> SparseAutoencoder:
        """The autoencoder of both."""
        return SparseAutoencoder(self.start, self.block, self._texts(Solved()), self._texts(Answered()), seed=self.seed)

    def _steered(self, vectors: tuple[MakesVector, ...], along: MakesVector | None = None) -> Steer:
        source, count, greedy = Endless(known(self.scale)), self.scale.sampled_problems, Sampler(1, temperature=1e-3)
        each = (Tuned(self.start, self.block, v, source, STRENGTHS, "process", greedy, count, self.seed, ASKS) for v in vectors)
        return Steer(self.start, ((self.block, BestOf(tuple(each), along)),))
