# %% [markdown]
# # 5. The coin and the clip: rewards that mean nothing
#
# A reward says which completions were good. What if it says nothing? Here a coin is tossed for every completion: heads pays 1, tails pays
# 0. Some have seen models gain by such rewards (arXiv:2506.10947). In this lesson you
#
# - let a policy learn from a coin,
# - work out by hand what the clip does to one word,
# - see what one seed shows, what five show, and what sixteen say.
#
# **Time:** 40 minutes for you, about two for the computer. **You need:** lesson 2 (a policy) and lesson 3 (exact success).

# %%
import math
from dataclasses import replace

import altair as alt
import numpy as np
import torch

from analysis.design.found import read_found
from analysis.lessons import Desk, guessed
from analysis.lessons.checks.lesson_5 import check_exercise_1, check_exercise_2, check_exercise_3
from analysis.measures.scores import read_scores
from models import GPTConfig
from synthtasks import Program, problem
from synthtasks.corpora import Corpus, Recipe
from synthtasks.formats import Format, Formatted, Marked
from train import Fresh, Learn, Optim, Sample, Score
from train.losses.imitate import Imitate
from train.losses.practice import Practice
from train.rl import GRPO, Clip, Coin, Endless, Process, Reward, Sampler
from train.sample import read_samples

desk = Desk.of(5)

# %% [markdown]
# ## A base with a habit
#
# Our problems have one step, so that the lesson is quick. A derivation begins with a word that names its format: `run` or `list`. The
# judge reads past that word.
#
# Documents are made so that three in four are in the format `run`. Documents in `run` are always right, and those in `list` always give a
# wrong answer. So a base that has read them has a habit, `run`, and the habit is good.

# %%
RUN, LIST = Marked("run"), Marked("list")
HABIT = 0.75  # share of documents in the format `run`

family = Program(steps=1, lines=4, modulus=5)
good_habit = Formatted((Format(RUN, HABIT, right=1.0), Format(LIST, 1 - HABIT, right=0.0)))
for i in range(4):
    document = good_habit(problem(family, "train", "lesson 5", i))
    desk.say(f"`{' '.join(document.prompt)}` **{' '.join(document.body)}**")

# %% [markdown]
# Now we make the base: a small transformer that imitates such documents. A *stage* is a value that says what is to be made. The desk's
# store makes it, once: when you run the cell again, the result is there.

# %%
READING = desk.size(500, 20)  # iterations
vocab = RUN.vocab(family.names, family.primitives, family.modulus)


def base(write: Formatted, seed: int) -> Learn:
    """A transformer that has read such documents."""
    untrained = Fresh(GPTConfig(len(vocab), width=32, layers=1, heads=2, kv_heads=2, context=64), vocab, seed)
    documents = Imitate(Corpus((Recipe(1.0, family, write),)), 1_024, seed)
    return Learn(untrained, ((1.0, documents),), READING, Optim(8e-3, weight_decay=0.1, warmup=READING // 20, decay=0.5))


# %% [markdown]
# Two numbers tell how it is doing. *Success* is exact, in points of 100: the probability that it writes a right derivation, in one format
# or the other (lesson 3). The *habit* is the share of its completions that begin with `run`.


# %%
def success(policy: Learn) -> float:
    """The probability of a right derivation, in points of 100."""
    exams = [Score(policy, (family,), desk.size(256, 16), surface=surface) for surface in (RUN, LIST)]
    return 100 * float(sum(np.exp(read_scores(exam, desk.store).plain).mean() for exam in exams))


def habit(policy: Learn) -> float:
    """The share of completions that begin with `run`, in points of 100."""
    drawn = Sample(policy, Endless(family, "test"), desk.size(64, 8), Sampler(group=16, surface=RUN))
    return 100 * float(np.mean([words.startswith("run ") for words in read_samples(drawn, desk.store).words]))


def row(name: str, policy: Learn) -> dict[str, object]:
    """A line of a table."""
    return {"": name, "success": success(policy), "habit, `run`": habit(policy)}


policy = base(good_habit, seed=0)
desk.run({"base": policy}, "loss", "nats a word", "loss")
desk.table([row("base", policy)])

# %% [markdown]
# Success is about as high as the habit: whenever it writes `run`, it is right.
#
# ## Reinforcement learning, with a reward of your choice
#
# The policy writes 16 completions of each of 16 problems. Each is paid. Those that are paid more than the mean of their problem become
# likelier, the others less likely. The 16 problems are used for one update each. From the second update on the policy is no longer the
# one that wrote the completions: only there can the clip act.

# %%
PRACTICE = desk.size(40, 2)  # iterations
CLIP = Clip(0.2, 0.2)  # that of GRPO
NO_CLIP = Clip(1.0, 1e6)  # so wide that it never acts


def practised(policy: Learn, reward: Reward, clip: Clip, seed: int = 0) -> Learn:
    """The policy after reinforcement learning."""
    algorithm = replace(GRPO, surrogate=clip)
    practice = Practice(Endless(family), reward, algorithm, Sampler(group=16, surface=RUN), problems=16, seed=seed, minibatches=16)
    return Learn(policy, ((1.0, practice),), PRACTICE, Optim(3e-4))


truth = practised(policy, Process(), CLIP)
desk.run({"the truth": truth}, "pass@1", "share of completions that are right", "truth")
desk.table([row("base", policy), row("the truth", truth)])

# %% [markdown]
# `Process()` pays 1 for a derivation that the judge accepts. With it the policy need not learn anything new. It has to choose.
#
# **Guess:** now the reward is a coin, and the clip is on. How high is success afterwards, in points of 100?

# %%
guess = None

# %%
coin = practised(policy, Coin(), CLIP)
desk.run({"a coin, with the clip": coin}, "pass@1", "share of completions that are right", "coin")
desk.say(guessed(guess, success(coin), "points"))
desk.table([row("base", policy), row("the truth", truth), row("a coin, with the clip", coin)])

# %% [markdown]
# ## What a coin does, by hand
#
# A problem has 16 completions. Suppose that 8 get heads. The mean is 0.5, and after division by the standard deviation, heads is an
# *advantage* of +1, tails one of -1. Which completion gets which has nothing to do with its words. So, on average over coins, every word
# is pushed up as often as down: the mean push is 0.
#
# But each update takes a step all the same. Steps without a direction are a random walk: nobody knows where it goes, and it goes further
# the longer it lasts.
#
# ## What the clip does, by hand
#
# Take one word. When the completion was written it had probability 0.5. After some updates it has another one. The *ratio* is the new
# probability divided by the old one. GRPO maximises the smaller of these two:
#
# > `ratio * advantage`, and the same with the ratio held between 0.8 and 1.2.
#
# The *push* is the slope of that in the word's log-probability. Here it is, computed by the very code that training uses.


# %%
def push(ratio: float, advantage: float, clip: Clip) -> float:
    """How hard an update pushes the word: above 0 it becomes likelier, below 0 less likely."""
    logp = torch.tensor([[math.log(0.5 * ratio)]], requires_grad=True)
    old, paid = torch.tensor([[math.log(0.5)]]), torch.tensor([[advantage]])
    loss = clip(logp, old, paid, torch.ones(1, 1, dtype=torch.bool)).sum()
    (slope,) = torch.autograd.grad(loss, logp)
    return 0.0 - slope.item()  # learning goes down the loss


rows = []
for ratio in (0.6, 0.9, 1.0, 1.1, 1.4):
    heads, tails = push(ratio, 1.0, CLIP), push(ratio, -1.0, CLIP)
    free = (push(ratio, 1.0, NO_CLIP) + push(ratio, -1.0, NO_CLIP)) / 2
    rows.append(
        {"ratio": ratio, "push by heads": heads, "push by tails": tails, "mean push": (heads + tails) / 2, "mean push, no clip": free}
    )
desk.table(rows)

# %% [markdown]
# Do one line yourself. At ratio 1.4 and heads, the two numbers are 1.4 and 1.2. The smaller one is 1.2, which does not change when the
# ratio changes a little: so the slope is 0. With tails they are -1.4 and -1.2. The smaller one is -1.4, which moves with the ratio: so
# there is a push, downwards. On average over the coin, the word is pushed *down*.
#
# At ratio 0.6 it is the other way round. So the clip leads a word that went too far back to where it was.

# %%
ratios = [0.5 + 0.02 * i for i in range(51)]
pushes = [
    {"ratio": ratio, "push": (push(ratio, 1.0, clip) + push(ratio, -1.0, clip)) / 2, "update": name}
    for name, clip in (("with the clip", CLIP), ("without the clip", NO_CLIP))
    for ratio in ratios
]
BOTH = ["with the clip", "without the clip"]
UPDATE = alt.Color("update:N", title=None, scale=alt.Scale(domain=BOTH, range=["#1f5fa8", "#c8321e"]))
chart = (
    alt.Chart(alt.Data(values=pushes), title="A coin's mean push on one word")
    .mark_line(strokeWidth=3)
    .encode(
        alt.X("ratio:Q", title="new probability of the word / its probability when it was written", scale=alt.Scale(domain=[0.5, 1.5])),
        alt.Y("push:Q", title="mean push (above 0: becomes likelier)"),
        UPDATE,
        alt.StrokeDash("update:N", title=None, scale=alt.Scale(domain=BOTH)),
    )
    .properties(width=480, height=260)
)
desk.show(chart, "push")

# %% [markdown]
# **Guess:** a word had probability 0.9 when it was written. How likely can it become before heads stop pushing it up? Write a
# probability.

# %%
guess_ceiling = None

# %%
desk.say(guessed(guess_ceiling, min(1.0, 1.2 * 0.9)))

# %% [markdown]
# 1.2 times 0.9 is more than 1. So a word that is likely already has no ceiling, only a floor at 0.8 times 0.9. A rare word has both.
#
# Here is an idea to test: perhaps the clip favours whatever the base does most, and so turns a coin into practice of the habit. Then a
# coin would help our base, whose habit is good. But a likelier `run` is a rarer `list`, and *its* floor pulls back. Reasoning does not
# settle it. Experiments do.
#
# ## The mirror
#
# A second base has read the mirror of the documents: three in four are in `run`, as before, but now `list` is always right, and `run`
# never. If a coin strengthens habits, this base loses.

# %%
bad_habit = Formatted((Format(RUN, HABIT, right=0.0), Format(LIST, 1 - HABIT, right=1.0)))
mirror = base(bad_habit, seed=0)
mirror_coin = practised(mirror, Coin(), CLIP)

# %% [markdown]
# **Guess:** with the clip, by how many points does the coin move the habit (the share of `run`) of the mirror? Up is positive.

# %%
guess_mirror = None

# %%
desk.say(guessed(guess_mirror, habit(mirror_coin) - habit(mirror), "points"))
desk.table(
    [
        row("good habit, base", policy),
        row("good habit, coin with the clip", coin),
        row("good habit, coin without", practised(policy, Coin(), NO_CLIP)),
        row("mirror, base", mirror),
        row("mirror, coin with the clip", mirror_coin),
        row("mirror, coin without", practised(mirror, Coin(), NO_CLIP)),
    ]
)

# %% [markdown]
# Look at the column of the habit, and make up a story about it. It is easy, and that is the trouble: both bases saw the *same* coins. One
# walk of a coin has one end.
#
# ## More seeds
#
# So we do it again with other seeds: another base, other problems, other coins. **Guess:** in how many of these seeds does the coin
# strengthen the habit, with the clip?

# %%
SEEDS = range(desk.size(5, 2))
guess_seeds = None

# %%
moved = []
for seed in SEEDS:
    start = base(good_habit, seed)
    for name, clip in (("with the clip", CLIP), ("without the clip", NO_CLIP)):
        end = practised(start, Coin(), clip, seed)
        for what, measure in (("success", success), ("habit: share of `run`", habit)):
            moved.append({"seed": seed, "update": name, "what": what, "change": measure(end) - measure(start)})
    print(f"seed {seed} has run", flush=True)

# %%
strengthened = [one["change"] > 0 for one in moved if one["update"] == "with the clip" and one["what"] != "success"]  # type: ignore[operator]
desk.say(guessed(guess_seeds, sum(strengthened), f"of {len(SEEDS)} seeds"))

# %%
dots = alt.Chart(alt.Data(values=moved)).encode(
    alt.X("change:Q", title="after a coin, less before: points of 100"), alt.Y("update:N", title=None), UPDATE.legend(None)
)
zero = alt.Chart(alt.Data(values=[{"change": 0}])).mark_rule(color="#8a8f98").encode(x="change:Q")
seeds = dots.mark_circle(size=90, opacity=0.7).encode(tooltip=["seed:O", "change:Q"])
mean = dots.mark_tick(thickness=3, size=30).encode(alt.X("mean(change):Q"))
panels = []
for what in ("success", "habit: share of `run`"):
    layers = [layer.transform_filter(f"datum.what == '{what}'") for layer in (seeds, mean)]
    panels.append(
        alt.layer(*layers, zero, title=f"Change of {what.replace('`', '')} (a dot is a seed, the bar their mean)").properties(
            width=480, height=90
        )
    )
desk.show(alt.vconcat(*panels), "seeds")

# %% [markdown]
# Read the upper panel first: what does a coin cost, and does the clip hold it back? Then the lower one. If the clip were what strengthens
# the habit, the dots with it would lie further to the right than those without.

# %%
for what in ("success", "habit: share of `run`"):
    means = [float(np.mean([one["change"] for one in moved if (one["what"], one["update"]) == (what, update)])) for update in BOTH]
    desk.say(f"{what}: {means[0]:+.1f} points with the clip, {means[1]:+.1f} without, on average over {len(SEEDS)} seeds")

# %% [markdown]
# A walk goes further without the clip, and the further it goes, the more it breaks of what the base could do. A *drift* of the habit is
# another matter: a handful of seeds cannot tell a small one from none.
#
# ## Sixteen seeds
#
# The study `spurious` asks the same questions of larger bases, with claims that were written down before it ran. These are its kept
# findings. Of a claim on "most seeds" the number is the share of seeds; of the others it is points of success.

# %%
kept = read_found("spurious")
for claim in kept["findings"][:4]:  # type: ignore[index]
    found = f"{claim['difference']:.0f} [{claim['low']:.0f}, {claim['high']:.0f}]"
    desk.say(f"- {claim['statement']} *{found} {claim['unit']}, {claim['n']} seeds:* **{claim['verdict']}**")

# %% [markdown]
# *Shown* and *refuted* are verdicts; *undetermined* says that sixteen seeds are not enough. A coin's seeds lie so far apart that some
# questions stay open even then. Whoever had run one seed would have had an answer, and a story.
#
# `python -m analysis report spurious` draws every seed once you have run the study, which takes longer than this lesson.
#
# ## Exercises
#
# Solutions are in `analysis/lessons/solutions/lesson_5.py`.
#
# **1. The clip.** Write what GRPO maximises for one word: the smaller of `ratio * advantage` and of the same with the ratio held between
# `1 - width` and `1 + width`.


# %%
def exercise_1(ratio: float, advantage: float, width: float) -> float | None:
    """The clipped objective of one word."""
    return None  # your turn


print(check_exercise_1(exercise_1))

# %% [markdown]
# **2. Who still learns?** Say of each word if an update still pushes it. `ratios` and `advantages` belong to the same words, none of
# whose ratios lies exactly on a bound.


# %%
def exercise_2(ratios: list[float], advantages: list[float], width: float) -> list[bool] | None:
    """True for each word that is pushed."""
    return None  # your turn


print(check_exercise_2(exercise_2))

# %% [markdown]
# **3. Luck.** Suppose a coin's reward does nothing to the habit: in each seed it goes up or down with equal chance. How likely is it that
# at least `ups` of `seeds` seeds go up? (`math.comb(n, k)` counts the ways to choose k of n.) Then ask your function about 1 of 1, 5 of 5
# and 16 of 16.


# %%
def exercise_3(ups: int, seeds: int) -> float | None:
    """The probability of at least so many ups."""
    return None  # your turn


print(check_exercise_3(exercise_3))

# %% [markdown]
# ## What to take away
#
# - A reward that means nothing has no direction, but it moves the policy: a random walk.
# - The clip pulls words back to where they were when they were written. It holds the walk in; it gives it no aim.
# - One run of a random walk always looks like a result. Count seeds, write the claim first, and let *undetermined* stand.
