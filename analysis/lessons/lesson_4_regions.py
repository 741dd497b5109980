# %% [markdown]
# # 4. Reinforcement below, at and beyond the edge
#
# The model of lesson 2 now practises by trial and error. Does it learn to solve what it could not solve, or does it only become surer of
# what it could? It depends on where it practises. You
#
# - compute where practice can teach anything, before it begins,
# - watch three runs: below, at and beyond the edge,
# - examine each of them, exactly,
# - compare your one seed with sixteen.
#
# **Time:** 30 minutes for you, a minute for the computer (two and a half, if the model of lesson 2 has yet to be trained). **You need:**
# lessons 2 and 3.

# %%
import json

import altair as alt
import numpy as np

from analysis import study
from analysis.design.found import FOUND
from analysis.lessons import Desk, chosen, curve
from analysis.lessons.checks.lesson_4 import check_exercise_1, check_exercise_2, check_exercise_3
from analysis.measures.edge import REGIONS, Edge
from analysis.measures.estimates import exact_pass_at_k
from analysis.measures.scores import read_scores
from synthtasks.families import at, problem
from train import Score
from train.policy import load_policy
from train.rl import Sampler, rollout
from train.rl.problems import read_bands

SEED = 0  # one seed of sixteen, chosen before any had run
desk = Desk.of(4)
scale = desk.scale

# %% [markdown]
# ## Three runs of a study
#
# The factorial study, `grid`, has many cells. We ask for three: the model knows all operations, a derivation is rewarded if every step is
# right, and it practises in one of three regions. Nothing runs yet.

# %%
labels = {"primitive": "present", "reward": "process", "control": "none"}
asked = study("grid", scale=scale, seeds=1, first_seed=SEED, only=labels, out=desk.out)
cells = {dict(cell.labels)["region"]: cell for cell in asked.cells}
for region, cell in cells.items():
    print(f"{region:7} {cell['base']} -> {cell['learn']}")

# %% [markdown]
# All three start from one model, that of lesson 2, and from its edge.

# %%
desk.run({"base": cells["at"]["base"]}, "loss", "nats a word", "loss")

edge = cells["at"].stage("edge", Edge)
before = read_scores(edge.scores, desk.store)
bands, why = read_bands(desk.store.get(edge), REGIONS, before.difficulties)
desk.table([{"region": r, "steps to practise": ", ".join(map(str, bands[r])), "why none": why.get(r, "")} for r in REGIONS])
if not bands["at"]:
    raise ValueError("This model has no lengths at its edge, so there is nothing to measure: take another SEED.")

# %% [markdown]
# ## Where can practice teach anything?
#
# The method is GRPO. It lets the model try each problem a number of times, as a *group*, and makes the tries with more reward than the mean
# of their group more likely. If all tries of a group are wrong, or all are right, then no try is better than another: the group has no
# *signal*, and nothing is learned from it.
#
# With p exact, the share of groups with signal is known before practice begins: 1 - p^G - (1 - p)^G for a group of G.

# %%
p, group = np.exp(before.plain), scale.group
signal = (1 - p**group - (1 - p) ** group).mean(axis=1)  # by number of steps
place = {n: region for region, band in bands.items() for n in band}
rows = [{"steps": n, "signal": float(s), "practice": place.get(n, "none")} for n, s in zip(before.difficulties, signal, strict=True)]

steps = alt.X("steps:O", title="steps of the solution", axis=alt.Axis(labelAngle=0))
kinds = ["none", *REGIONS]
paint = alt.Scale(domain=kinds, range=["#c9ccd1", "#1f5fa8", "#d98200", "#c8321e"])
chart = (
    alt.Chart(alt.Data(values=rows))
    .mark_bar(tooltip=True)
    .encode(
        steps,
        alt.Y("signal:Q", title=f"groups of {group} with signal, share", scale=alt.Scale(domain=[0, 1])),
        alt.Color("practice:N", scale=paint, sort=kinds),
    )
)
desk.show(chart.properties(width=520, height=220, title="Before practice"), "signal")

# %% [markdown]
# **Guess:** which practice raises pass@128 at the edge most, `"below"`, `"at"` or `"beyond"`?

# %%
guess_region = None

# %% [markdown]
# ## Practice
#
# The three runs learn one after the other. The reward is the share of derivations that are right, on the problems that the run is given. So
# the curves start at different heights: these problems are not equally hard.

# %%
practised = {region: cells[region] for region in REGIONS if bands[region]}
desk.run({region: cell["learn"] for region, cell in practised.items()}, "reward", "share of derivations that are right", "reward")

# %% [markdown]
# Was the signal as predicted? Here it is, in the first iterations.

# %%
FIRST = 4  # iterations: lengths of a band take turns
rows = []
for region, cell in practised.items():
    noted = [value for _, value in curve(desk.store.get(cell["learn"]), "signal")[:FIRST]]
    predicted = float(np.mean([signal[before.at(n)] for n in bands[region]]))
    rows.append({"practice": region, "signal, predicted": predicted, "signal, first iterations": float(np.mean(noted))})
desk.table(rows)

# %% [markdown]
# ## Examination
#
# All models take the same exam, on problems that none of them has met, but for the shortest, of one or two steps. The wide grey line is the
# model before practice.

# %%
after = {region: read_scores(cell.stage("after", Score), desk.store) for region, cell in practised.items()}
every = {"before": before, **after}
rows = [
    {"model": name, "steps": n, "pass@128": float(value), "at": n in bands["at"]}
    for name, scores in every.items()
    for n, value in zip(scores.difficulties, exact_pass_at_k(scores.plain, 128).mean(axis=1), strict=True)
]
models = alt.Color(
    "model:N", title=None, sort=list(every), scale=alt.Scale(domain=["before", *REGIONS], range=["#c3c7cd", *paint.range[1:]])
)
chart = alt.Chart(alt.Data(values=rows))
height = alt.Y("pass@128:Q", scale=alt.Scale(domain=[0, 1]), title="pass@128, exact")
old = chart.transform_filter("datum.model == 'before'").mark_line(strokeWidth=8).encode(steps, height, models)
lines = chart.transform_filter("datum.model != 'before'").mark_line(point=True, tooltip=True).encode(steps, height, models)
shade = chart.transform_filter("datum.at").mark_bar(color="#fbe3b5", opacity=0.4).encode(steps, alt.YDatum(0), alt.Y2Datum(1))
desk.show((shade + old + lines).properties(width=520, height=260, title="What each practice gained; shaded: the edge"), "after")


# %%
def at_edge(name: str, k: int) -> float:
    """pass@k of a model, averaged over the lengths at the edge."""
    return float(np.mean([exact_pass_at_k(every[name].plain[before.at(n)], k) for n in bands["at"]]))


gains = {region: 100 * (at_edge(region, 128) - at_edge("before", 128)) for region in practised}
best = max(gains, key=lambda region: gains[region])
desk.say(chosen(guess_region, best))
desk.table([{"model": name, "pass@1 at the edge": at_edge(name, 1), "pass@128 at the edge": at_edge(name, 128)} for name in every])

# %% [markdown]
# If practice only made the model surer of what it could do, pass@1 would rise, and pass@128 would not: what 128 tries could not find
# before, they could not find now.
#
# ## One problem, before and after
#
# The same problem, tried by the model before practice and by the best one after it.

# %%
task = problem(at(edge.scores.families[0], bands["at"][0]), "test", "lesson 4, shown", SEED)
for name, stage in (("before", cells["at"]["base"]), (best, cells[best]["learn"])):
    policy = load_policy(desk.store.get(stage))
    desk.say(f"**{name}**")
    desk.judge(task, rollout(policy.model, policy.vocab, (task,), Sampler(group=1), "lesson 4", SEED).traces[0])

# %% [markdown]
# ## One seed against sixteen
#
# You have seen one model, from one seed. The study ran sixteen, and its findings are kept in `analysis/found/grid.json`: means over seeds,
# and over two rewards, with intervals.

# %%
found = {f["name"]: f for f in json.loads((FOUND / "grid.json").read_text(encoding="utf-8"))["findings"]}
claims = {"below": "3 below: no gain", "at": "1 gain at the edge", "beyond": "4 beyond: no gain"}
rows = [{"practice": r, "mean": found[c]["difference"], "low": found[c]["low"], "high": found[c]["high"]} for r, c in claims.items()]
mine = [{"practice": region, "gain": gain} for region, gain in gains.items()]

regions = alt.X("practice:N", sort=list(REGIONS), axis=alt.Axis(labelAngle=0))
study_chart = alt.Chart(alt.Data(values=rows))
ranges = study_chart.mark_rule(strokeWidth=3, color="#1f5fa8").encode(
    regions, alt.Y("low:Q", title="gain of pass@128 at the edge, points"), alt.Y2("high:Q")
)
means = study_chart.mark_point(filled=True, tooltip=True, size=80, color="#1f5fa8", opacity=1).encode(regions, alt.Y("mean:Q"))
yours = (
    alt.Chart(alt.Data(values=mine))
    .mark_point(shape="diamond", tooltip=True, size=120, color="#c8321e", strokeWidth=2)
    .encode(regions, alt.Y("gain:Q"))
)
title = f"Blue: mean and interval of {found[claims['at']]['n']} seeds. Red: seed {SEED}"
desk.show((ranges + means + yours).properties(width=360, height=260, title=title), "seeds")

# %%
for region, claim in claims.items():
    f = found[claim]
    here = f"{gains[region]:+.1f}" if region in gains else "no such problems"
    desk.say(
        f"**{region}:** seed {SEED} {here}; {f['n']} seeds {f['difference']:+.1f} [{f['low']:+.1f}, {f['high']:+.1f}], *{f['verdict']}*."
    )

# %% [markdown]
# The intervals are of the *mean* over seeds, so a single seed may well lie outside. Two people who each run one seed can come to opposite
# conclusions about practice beyond the edge, and both report honestly. That is why the studies here run many, and say "undetermined" where
# these do not decide.
#
# ## Exercises
#
# **1. Advantages.** GRPO gives each try of a group the reward less the mean of the group, divided by the standard deviation (of the
# population: the mean squared distance from the mean, and its root). In a group without signal, every advantage is 0.


# %%
def exercise_1(rewards: list[float]) -> list[float] | None:
    """The advantage of each try."""
    return None  # your turn


print(check_exercise_1(exercise_1))

# %% [markdown]
# **2. Signal.** A try is right with probability p. With what probability does a group of G tries have signal?


# %%
def exercise_2(p: float, group: int) -> float | None:
    """The chance that neither all tries are right nor all are wrong."""
    return None  # your turn


print(check_exercise_2(exercise_2))

# %% [markdown]
# **3. Many seeds.** Each seed has a gain. Give the 95 % interval of the mean by Student's t: mean ± t · s / √n, where s is the sample's
# standard deviation (n - 1 in its denominator), and t is `scipy.stats.t.ppf(0.975, n - 1)`.


# %%
def exercise_3(gains: list[float]) -> tuple[float, float] | None:
    """The ends of the interval."""
    return None  # your turn


print(check_exercise_3(exercise_3))

# %% [markdown]
# ## What to take away
#
# - Reinforcement learns from differences. Where the model is always right or always wrong, there are none.
# - Exact pass@128, before and after, tells new ability from new confidence.
# - One seed is an anecdote. `make grid` runs five and judges the claims that were written down before; so does `asked.run()` with
#   `seeds=5`, in Python. What has run here is not run again.
