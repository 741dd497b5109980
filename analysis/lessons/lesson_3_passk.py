# %% [markdown]
# # 3. Exact pass@k, and why sampling misleads
#
# Papers report pass@k: the chance that one or more of k tries are right. They estimate it from samples. Here the truth is known, so you can
# see how far estimates go astray. You
#
# - compute the probability of a right solution by hand, from one pass through the model,
# - draw pass@k for k up to a million,
# - draw samples, estimate pass@k from them in two ways, and compare both with the truth.
#
# **Time:** 30 minutes for you, half a minute for the computer (two, if the model of lesson 2 has yet to be trained). **You need:** lesson
# 2, and what a binomial distribution is.

# %%
import json
import math
from dataclasses import replace

import altair as alt
import numpy as np
import torch

from analysis.design.recipes import base
from analysis.lessons import Desk, guessed
from analysis.lessons.checks.lesson_3 import check_exercise_1, check_exercise_2, check_exercise_3
from analysis.measures.estimates import bootstrap, exact_pass_at_k, sampled_pass_at_k
from analysis.measures.scores import read_scores
from synthtasks import Program, Uses, rng
from synthtasks.surfaces import Compact
from train import Score
from train.policy import load_policy
from train.rl import Sampler, rollout
from train.score import asked

SEED = 0  # another seed takes another model, and draws other samples
desk = Desk.of(3)
scale = desk.scale

# %% [markdown]
# ## The model of lesson 2
#
# `base` writes the expression of lesson 2 in one line, as the studies do. It is the same expression, so it has the same name, and what has
# run once is read.

# %%
learned = base(scale, (), SEED)
desk.run({"base": learned}, "loss", "nats a word", "loss")
policy = load_policy(desk.store.get(learned))
print(learned, policy)

# %% [markdown]
# ## The probability of a solution, by hand
#
# The model reads prompt and solution at once. At every place it gives each word of its vocabulary a number, a *logit*, for coming next. A
# softmax makes probabilities of them. The product of those of the solution's words is the probability that one try writes this solution.
#
# `Score` does this for many problems of every length. Of those, we take one about which the model is unsure, and do it by hand.

# %%
surface = Compact()
program = Program(lines=scale.lines, modulus=scale.modulus, uses=Uses(("mul",), scale.uses))
exam = tuple(replace(program, steps=n) for n in range(1, scale.deepest + 1))
score = Score(learned, exam, scale.exam_problems, seed=SEED)
scores = read_scores(score, desk.store)
length, number = np.unravel_index(np.abs(np.exp(scores.plain) - 0.3).argmin(), scores.plain.shape)
task = asked(exam[length], scale.exam_problems, SEED)[int(number)]

# %%
prompt, solution = (policy.vocab.encode(words) for words in (surface.prompt(task), surface.solution(task)))
with torch.no_grad():
    logits = policy.model(torch.tensor([prompt + solution]))[0]  # [words, vocabulary]
logp = logits.log_softmax(dim=1)
by_word = [float(logp[len(prompt) - 1 + i, word]) for i, word in enumerate(solution)]  # the place before a word predicts it
p = math.exp(sum(by_word))

words = policy.vocab.decode(solution)
rows = [{"place": i, "word": word, "p": math.exp(x)} for i, (word, x) in enumerate(zip(words, by_word, strict=True))]
short = [word.strip("<>")[:3] for word in words]
named = alt.Axis(labelExpr=f"{json.dumps(short)}[datum.value]", labelAngle=0, title="word of the solution")
bars = alt.Chart(alt.Data(values=rows)).mark_bar(tooltip=True).encode(alt.X("place:O", axis=named), alt.Y("p:Q", title="probability"))
desk.show(bars.properties(width=680, height=160, title="How sure the model is of each word"), "words")
desk.say(f"One try writes the whole solution with probability **{p:.4f}**. `Score` says {math.exp(scores.plain[length, number]):.4f}.")

# %% [markdown]
# ## A million tries
#
# If one try is right with probability p, then of k tries one or more are right with probability 1 - (1 - p)^k. No try is made for that. The
# figure shows the mean over all problems of a length. Its axis is logarithmic: each step to the right is ten times as many tries.

# %%
ks = np.unique(np.logspace(0, 6, 49).round()).astype(int)
shown = [n for n in scores.difficulties if n % desk.size(3, tiny=1) == 0][:5]
rows = [{"k": int(k), "pass@k": float(exact_pass_at_k(scores.plain[scores.at(n)], int(k)).mean()), "steps": n} for n in shown for k in ks]
across = alt.X("k:Q", scale=alt.Scale(type="log"), title="tries, k", axis=alt.Axis(values=[10**i for i in range(7)], format="~s"))
upwards = alt.Y("pass@k:Q", scale=alt.Scale(domain=[0, 1]), title="pass@k, exact")
chart = (
    alt.Chart(alt.Data(values=rows))
    .mark_line(tooltip=True)
    .encode(across, upwards, alt.Color("steps:O", scale=alt.Scale(scheme="viridis")))
)
desk.show(chart.properties(width=520, height=260, title="The more steps, the more tries"), "exact")

# %% [markdown]
# ## How many tries does it take to see one success?
#
# **Guess:** a problem has p = .001. How many tries do you need, so that one of them or more are right with a chance of 95 %?

# %%
guess_tries = None

# %%
rare = 0.001
tries = math.ceil(math.log(0.05) / math.log(1 - rare))  # the smallest n with (1 - p)^n <= .05
desk.say(guessed(guess_tries, tries, "tries"))

# %% [markdown]
# The other way round: 64 tries were made, and none was right. What can you say of p, and of pass@128? All p are in question that make such
# bad luck at least 5 % likely.

# %%
largest = 1 - 0.05 ** (1 / 64)
desk.say(
    f"p may be anything from 0 to {largest:.3f}. So pass@128 may be anything from 0 to {1 - (1 - largest) ** 128:.3f}: "
    "64 failures say almost nothing about 128 tries."
)

# %% [markdown]
# ## Samples
#
# Now the model really writes: some problems of one length, many tries each. The length is the first at which one try in ten is right, or
# fewer. The judge counts the right ones.

# %%
pass_1 = exact_pass_at_k(scores.plain, 1).mean(axis=1)
steps = next((n for n, p in zip(scores.difficulties, pass_1, strict=True) if p <= 0.1), scale.deepest)
P, N = desk.size((64, 128), tiny=(4, 16))  # problems, and tries of each
tasks = list(asked(exam[steps - 1], P, SEED))
truth = scores.plain[scores.at(steps), :P]  # log p of the same problems

written = rollout(policy.model, policy.vocab, tasks, Sampler(group=N), "lesson 3", SEED)
right = written.process.view(P, N).sum(dim=1).numpy()  # [P] right tries of each problem
expected = N * np.exp(truth).sum()
deviation = math.sqrt((N * np.exp(truth) * (1 - np.exp(truth))).sum())
desk.say(
    f"Problems of {steps} steps: of {P * N:,} tries, {right.sum():,} are right. The exact probabilities say {expected:.1f}, give or take "
    f"{deviation:.1f} (one standard deviation). Of the {P} problems, {(right == 0).sum()} were never solved, though none has p = 0."
)

# %% [markdown]
# ## Two estimates
#
# The *plug-in* estimate puts the share of right tries, c / n, in the place of p: 1 - (1 - c / n)^k. It looks innocent, and it can be
# written for any k.
#
# The *unbiased* estimate (arXiv:2107.03374) asks: if I draw k of my n tries without return, how likely is a right one among them? It exists
# only where k is at most n. It is right on average; this project refuses it from n / 2 on, where it is too noisy.
#
# **Guess:** take k = 1,024. The plug-in estimate uses the tries from above. How large is it, as a share of the exact pass@1,024, in %?

# %%
guess_share = None

# %%
many = np.full(P, N)
exact = {int(k): float(exact_pass_at_k(truth, int(k)).mean()) for k in ks}
plug_in = {k: float((1 - (1 - right / N) ** k).mean()) for k in exact}
unbiased = {k: float(sampled_pass_at_k(many, right, k).mean()) for k in exact if k <= N // 2}

k = min(exact, key=lambda k: abs(k - 1_024))
share = 100 * plug_in[k] / exact[k] if exact[k] else 100.0
desk.say(guessed(guess_share, round(share), "%"))

# %%
every = {"exact": exact, "plug-in": plug_in, "unbiased": unbiased}
colours = alt.Color("estimate:N", scale=alt.Scale(domain=list(every), range=["#6b7078", "#d98200", "#1f5fa8"]))
rows = [{"k": k, "pass@k": value, "estimate": name} for name, curve in every.items() for k, value in curve.items()]
upwards = alt.Y("pass@k:Q", scale=alt.Scale(domain=[0, 1]), title="pass@k")
chart = alt.Chart(alt.Data(values=rows)).encode(across, upwards, colours)
lines = chart.mark_line(tooltip=True).transform_filter("datum.estimate != 'unbiased'")
points = chart.mark_point(filled=True, tooltip=True, size=50).transform_filter("datum.estimate == 'unbiased'")
desk.show((lines + points).properties(width=520, height=260, title=f"{P} problems of {steps} steps, {N} tries each"), "estimates")

# %% [markdown]
# Where no try was right, the plug-in estimate is 0 for every k. So its curve stops rising where the truth goes on. Whoever reads it as "a
# limit of what the model can do" reads a limit of the number of samples.
#
# ## How far estimates scatter
#
# Since p is known, the whole experiment can be repeated a thousand times in a second: tries are coins with chance p. For each number of
# tries, the figure shows the mean of both estimates of pass@8, and the range in which nine in ten of them lie.

# %%
g = rng("lesson 3", "again", SEED)
times, k = desk.size(1_000, tiny=20), 8
rows = []
for n in (16, 32, 64, 128, 256):
    counts = g.binomial(n, np.exp(truth), size=(times, P))  # [times, P] right tries
    estimates = {
        "unbiased": sampled_pass_at_k(np.full(times * P, n), counts.ravel(), k).reshape(times, P).mean(axis=1),
        "plug-in": (1 - (1 - counts / n) ** k).mean(axis=1),
    }
    for name, values in estimates.items():
        low, high = np.quantile(values, (0.05, 0.95))
        rows.append({"tries": n, "estimate": name, "mean": float(values.mean()), "low": float(low), "high": float(high)})
true = float(exact_pass_at_k(truth, k).mean())
desk.table(rows)

# %%
chart = alt.Chart(alt.Data(values=rows)).encode(
    alt.X("tries:O", title="tries of each problem", axis=alt.Axis(labelAngle=0)), colours, alt.XOffset("estimate:N")
)
ranges = chart.mark_rule(strokeWidth=3).encode(alt.Y("low:Q", title="estimate of pass@8", scale=alt.Scale(zero=False)), alt.Y2("high:Q"))
means = chart.mark_point(filled=True, tooltip=True, size=60).encode(alt.Y("mean:Q"))
line = alt.Chart(alt.Data(values=[{"true": true}])).mark_rule(strokeDash=[4, 4]).encode(alt.Y("true:Q"))
title = f"Nine in ten of {times:,} repetitions; dashed: the truth"
desk.show(alt.layer(ranges, means, line).properties(width=520, height=260, title=title), "scatter")

# %% [markdown]
# ## What exactness does not remove
#
# Exact p says all about *these* problems. Other problems would give another mean. The bootstrap draws problems again and again, with
# return, and gives an interval for that. And another *model*, of another seed, is another matter still: lesson 4.

# %%
interval = bootstrap(exact_pass_at_k(scores.plain[scores.at(steps)], k), "lesson 3", SEED)
desk.say(
    f"pass@{k} at {steps} steps, exact on {scale.exam_problems} problems: {interval.mean:.3f}, with a 95 % interval over problems from "
    f"{interval.low:.3f} to {interval.high:.3f}."
)

# %% [markdown]
# ## Exercises
#
# **1. Tiny numbers.** Write pass@k from log p, so that it is accurate when p = e^-50 and k = 10^12. (Python's `1 - p` is 1 when p is below
# 10^-16. Look for `math.log1p` and `math.expm1`.)


# %%
def exercise_1(logp: float, k: int) -> float | None:
    """1 - (1 - p)^k."""
    return None  # your turn


print(check_exercise_1(exercise_1))

# %% [markdown]
# **2. The unbiased estimate.** Of n tries, c were right. Draw k of the n without return. With what probability is one or more of the k
# right? (`math.comb(n, k)` counts the ways to draw.)


# %%
def exercise_2(n: int, c: int, k: int) -> float | None:
    """The chance that k of the n tries hold one of the c right ones."""
    return None  # your turn


print(check_exercise_2(exercise_2))

# %% [markdown]
# **3. Plan an experiment.** How many tries does a problem with success p need, so that one or more are right with probability `sure`?


# %%
def exercise_3(p: float, sure: float) -> int | None:
    """The smallest number of tries."""
    return None  # your turn


print(check_exercise_3(exercise_3))

# %% [markdown]
# ## What to take away
#
# - With one right solution per problem, p is exact, and so is pass@k for every k, at the price of one pass through the model.
# - The plug-in estimate is biased, and turns "never seen" into "impossible".
# - The unbiased estimate is right on average, needs k tries or more, and scatters.
# - Exactness removes the noise of sampling. That of problems and of seeds stays.
