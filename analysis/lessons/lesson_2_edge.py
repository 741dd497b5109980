# %% [markdown]
# # 2. A policy, and the edge of its competence
#
# You train a small language model from nothing, on short problems, and examine it on longer and longer ones. You
#
# - write the whole experiment as one expression,
# - watch the loss fall,
# - measure the *exact* probability of a right solution, for problems of every length,
# - find the edge: the lengths at which the model begins to fail.
#
# **Time:** 30 minutes for you, of which the computer needs about two. **You need:** lesson 1, and an idea of what a language model is.

# %%
from dataclasses import replace

import altair as alt

from analysis.lessons import Desk, guessed
from analysis.lessons.checks.lesson_2 import check_exercise_1, check_exercise_2, check_exercise_3
from analysis.measures.edge import REGIONS, Edge, Rule
from analysis.measures.estimates import exact_pass_at_k
from analysis.measures.scores import read_scores
from models import GPTConfig
from synthtasks import Program, Uses, problem
from synthtasks.corpora import Corpus, Recipe, Solved, unsolved
from synthtasks.surfaces import Compact
from train import Fresh, Learn, Optim, Score
from train.losses.imitate import Imitate
from train.policy import load_policy
from train.rl import Sampler, rollout
from train.rl.problems import read_bands

SEED = 0  # another seed makes another model, whose edge may lie a few steps elsewhere
desk = Desk.of(2)
scale = desk.scale  # the sizes of the studies on a laptop

# %% [markdown]
# ## Problems
#
# A problem is a small program. Each line does an operation, modulo 10, to the result of the line before. The question names the first and
# the last line to run, and the number to start from. The solution repeats each line that is run, with its result.

# %%
surface = Compact()
program = Program(lines=scale.lines, modulus=scale.modulus)
levels = [replace(program, steps=n) for n in range(1, scale.lines + 1)]
short = levels[: scale.solved]
example = problem(short[-1], "train", "lesson 2", SEED)
desk.say(f"**Problem:** `{' '.join(surface.prompt(example))}`\n\n**Solution:** `{' '.join(surface.solution(example))}`")

# %% [markdown]
# ## What the model reads
#
# Seven documents in ten are such problems with their solutions, and these are short. The other three are listings of programs, of every
# length, without results. So the model sees how long programs look, but it never sees a long one worked out.

# %%
worked = [Recipe(0.7 / len(short), family, Solved(surface), questions=scale.questions) for family in short]
listed = [Recipe(0.3 / len(levels), family, unsolved(surface), questions=scale.questions) for family in levels]
corpus = Corpus((*worked, *listed))
desk.say(f"Worked out: problems of 1 to {len(short)} steps. Only listed: programs of {scale.lines} lines, of 1 to {len(levels)} steps.")

# %% [markdown]
# ## The model, and how it learns
#
# `Fresh` is an untrained model. `Learn` is the model after learning from it: here by imitation of the corpus. Nothing runs yet. This is an
# expression, and its name is a hash of all that it says. If it has run before, its result is read from disk.

# %%
vocab = surface.vocab(program.names, program.primitives, program.modulus)
config = GPTConfig(len(vocab), scale.width, scale.layers, scale.heads, scale.heads, context=256)
optim = Optim(scale.pretraining_lr, weight_decay=0.1, warmup=scale.pretraining // 20, decay=scale.pretraining_decay)
base = Learn(Fresh(config, vocab, SEED), ((1.0, Imitate(corpus, scale.tokens, SEED)),), scale.pretraining, optim)
print(base)

# %% [markdown]
# Now it runs, and you see its loss: the mean of -log p over the words of solutions. A model that knows nothing gives each word of the
# vocabulary the same probability.

# %%
desk.run({"base": base}, "loss", "nats a word", "loss")

# %% [markdown]
# ## An examination
#
# Each problem has exactly one right solution. So the probability of success is the probability of that solution, and the model computes it
# word by word: nothing needs to be drawn. Exam problems of three steps or more are new, and each multiplies a few times, so that guessing
# rarely helps.
#
# **Guess:** the model has read solutions of a few steps only. What is the largest number of steps at which it solves at least half of all
# problems at the first try?

# %%
guess = None

# %%
family = replace(program, uses=Uses(("mul",), scale.uses))
exam = tuple(replace(family, steps=n) for n in range(1, scale.deepest + 1))
score = Score(base, exam, scale.exam_problems, seed=SEED)
scores = read_scores(score, desk.store)  # runs it, if it has not run

pass_1, pass_128 = (exact_pass_at_k(scores.plain, k).mean(axis=1) for k in (1, 128))  # by number of steps
half = max((n for n, p in zip(scores.difficulties, pass_1, strict=True) if p >= 0.5), default=0)
desk.say(guessed(guess, half, "steps"))

# %% [markdown]
# `pass@1` is the chance that one try is right. `pass@128` is the chance that of 128 tries one or more are right. Both are exact here.
#
# ## The edge
#
# A rule turns the two numbers into regions. A length lies
#
# - **below** the edge, if the model masters it: pass@1 is at least .9,
# - **at** the edge, if it is hard and in reach: pass@1 is less than .5, and pass@128 from .05 to .8,
# - **beyond** the edge, if 128 tries hardly ever solve it: pass@128 is at most .005.
#
# All else is *between*, and no experiment uses it.

# %%
rule = Rule()
regions = [rule.region(p, q) for p, q in zip(pass_1, pass_128, strict=True)]
rows = [
    {"steps": n, "pass@1": float(p), "pass@128": float(q), "region": region}
    for n, p, q, region in zip(scores.difficulties, pass_1, pass_128, regions, strict=True)
]
desk.table(rows)

# %%
axis = alt.X("steps:Q", title="steps of the solution", axis=alt.Axis(tickMinStep=1), scale=alt.Scale(nice=False, zero=False))
curves = (
    alt.Chart(alt.Data(values=rows))
    .transform_fold(["pass@1", "pass@128"], as_=["metric", "probability"])
    .mark_line(point=True, tooltip=True)
    .encode(axis, alt.Y("probability:Q", title="probability of success", scale=alt.Scale(domain=[0, 1])), alt.Color("metric:N", title=None))
)
order = ["below", "between", "at", "beyond"]
shades = alt.Scale(domain=order, range=["#d9eadf", "#f3f3f3", "#fbe3b5", "#f3d3cd"])
bands = (
    alt.Chart(alt.Data(values=rows))
    .transform_calculate(left="datum.steps - 0.5", right="datum.steps + 0.5")
    .mark_rect(opacity=0.8)
    .encode(alt.X("left:Q"), alt.X2("right:Q"), alt.Color("region:N", scale=shades, sort=order, title="region"))
)
figure = alt.layer(bands, curves).resolve_scale(color="independent").properties(width=520, height=260, title="Where competence ends")
desk.show(figure, "edge")

# %% [markdown]
# The studies find the edge by the same rule, and take the first two lengths of a region, or the last two that are mastered. This is the
# stage that does it:

# %%
edge = Edge(score, rule)
bands, missing = read_bands(desk.store.get(edge), REGIONS, scores.difficulties)
desk.table([{"region": region, "steps": ", ".join(map(str, band)), "why none": missing.get(region, "")} for region, band in bands.items()])

# %% [markdown]
# ## Look at it
#
# Here the model solves one problem that is short, and one that is long. The marks are those of the judge of lesson 1.

# %%
policy = load_policy(desk.store.get(base))
for steps in (scale.solved, max(scale.solved + 1, half + 2)):
    asked = problem(replace(family, steps=min(steps, scale.deepest)), "test", "lesson 2, shown", SEED)
    written = rollout(policy.model, policy.vocab, (asked,), Sampler(group=1), "lesson 2", SEED)
    desk.say(f"**{len(asked.proof)} steps:** `{' '.join(surface.prompt(asked)[-7:])}`")
    desk.judge(asked, written.traces[0])

# %% [markdown]
# ## Exercises
#
# **1. The rule.** Write it yourself: the region of a length, `"below"`, `"at"`, `"beyond"` or `"between"`, from pass@1 and pass@128.


# %%
def exercise_1(pass_1: float, pass_128: float) -> str | None:
    """The region."""
    return None  # your turn


print(check_exercise_1(exercise_1))

# %% [markdown]
# **2. From loss to success.** `losses` holds -log p of each word of a solution, in nats. What is the probability that a try writes the
# whole solution? (Use `math.exp`.)


# %%
def exercise_2(losses: list[float]) -> float | None:
    """The probability of the whole solution."""
    return None  # your turn


print(check_exercise_2(exercise_2))

# %% [markdown]
# **3. How steep is an edge?** A model does each step right with probability `q`, independently of the others. Up to how many steps does it
# solve at least half of all problems? How does that change if `q` rises from .9 to .99?


# %%
def exercise_3(q: float) -> int | None:
    """The largest number of steps with a success of at least one half."""
    return None  # your turn


print(check_exercise_3(exercise_3))

# %% [markdown]
# ## What to take away
#
# - A model trained on short problems solves somewhat longer ones, and then fails within a few steps: it has an edge.
# - Success is exact here, since each problem has one right solution. Lesson 3 shows how much that is worth.
# - Lesson 4 trains this model by reinforcement, below, at and beyond its edge.
# - Change `SEED` or a size (`scale = replace(desk.scale, pretraining=1_000)`) and run the lesson again. Where does the edge go?
