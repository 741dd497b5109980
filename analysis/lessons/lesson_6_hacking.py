# %% [markdown]
# # 6. A reward of your own that gets hacked: two curves
#
# A reward is what you *pay for*. It is seldom what you *want*. In this lesson you
#
# - write a reward that sounds fair: one point for each right step,
# - watch a policy learn to earn it, while the judge beside it sees something else,
# - find the trick by reading what the policy writes,
# - mend the reward, and see if the mend holds.
#
# **Time:** 40 minutes for you, about two for the computer. **You need:** lesson 1 (the judge) and lesson 2 (a policy).

# %%
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np
from torch import Tensor

from analysis.lessons import Desk, chosen, curve, guessed
from analysis.lessons.checks.lesson_6 import check_exercise_1, check_exercise_2, check_exercise_3
from models import GPTConfig
from synthtasks import Problem, Program, Trace, problem, verify
from synthtasks.corpora import Corpus, Recipe, Solved
from synthtasks.surfaces import Equations
from train import Fresh, Learn, Optim, Sample
from train.losses.imitate import Imitate
from train.losses.practice import Practice
from train.rl import GRPO, Endless, Process, Reward, Rollouts, Sampler
from train.run import Run
from train.sample import read_samples

desk = Desk.of(6)

# %% [markdown]
# ## A student
#
# The problems are short programs of four lines, of which two have to be worked out. Here is one with its solution.

# %%
surface = Equations()


def program(steps: int) -> Program:
    """Programs of four lines, of which so many are asked for."""
    return Program(steps=steps, lines=4, modulus=5)


family = program(2)
task = problem(family, "train", "lesson 6", 0)
desk.say(f"`{' '.join(surface.prompt(task))}`\n\n**{' '.join(surface.solution(task))}**")

# %% [markdown]
# The base has read such solutions, but not enough of them: it is a student who makes mistakes, and has something to gain.

# %%
READING = desk.size(700, 20)  # iterations
vocab = surface.vocab(family.names, family.primitives, family.modulus)
untrained = Fresh(GPTConfig(len(vocab), width=32, layers=2, heads=2, kv_heads=2, context=128), vocab)
documents = Corpus(tuple(Recipe(1.0, program(steps), Solved(surface)) for steps in (1, 2, 3)))
base = Learn(untrained, ((1.0, Imitate(documents, 1_536)),), READING, Optim(6e-3, weight_decay=0.1, warmup=READING // 20, decay=0.5))
desk.run({"base": base}, "loss", "nats a word", "loss")

# %% [markdown]
# ## A reward of your own
#
# A reward is a frozen dataclass that one can call. It gets rollouts, `r`: completions with the judge's verdicts, and gives a number for
# each completion. `verdict.steps` says of every step that was written if it is right.
#
# Ours pays a point for each right step. That sounds fair: whoever gets half of the way earns half of the pay, and a wrong step earns
# nothing.


# %%
@dataclass(frozen=True)
class RightSteps:
    """A point for each right step."""

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        points = [float(sum(verdict.steps)) for verdict in r.verdicts]
        return r.at_end(r.logp.new_tensor(points))


# %% [markdown]
# Reinforcement learning makes completions likelier that earn more than others of the same problem. A completion may be three sentences
# longer than it needs to be.

# %%
PRACTICE = desk.size(150, 3)  # iterations
ROOM = 24  # words beyond the longest solution
draw = Sampler(group=16, spare=ROOM, surface=surface)


def practised(reward: Reward) -> Learn:
    """The base after reinforcement learning with this reward."""
    practice = Practice(Endless(family), reward, GRPO, draw, problems=desk.size(32, 4))
    return Learn(base, ((1.0, practice),), PRACTICE, Optim(6e-4))


# %% [markdown]
# The right solution has two steps, so it earns 2.
#
# **Guess:** what does a completion earn on average at the end of learning?

# %%
guess_reward = None

# %% [markdown]
# **Guess:** and how many of 100 completions does the judge accept at the end, as right in every step and in the answer?

# %%
guess_success = None


# %%
def noted(learned: Learn, metric: str) -> list[float]:
    """A metric that was noted while a policy learned, smoothed: the mean of ten iterations."""
    values = [value for _, value in curve(desk.store.get(learned), metric)]
    return [float(np.mean(values[max(0, i - 9) : i + 1])) for i in range(len(values))]


hacked = practised(RightSteps())
desk.run({"a point for each right step": hacked}, "reward", "points a completion", "reward")

# %% [markdown]
# That is a reward that climbs. If it were all that you see, you would be content.

# %%
paid = noted(hacked, "reward")
accepted = noted(hacked, "pass@1")  # the share of completions that the judge accepts
desk.say(guessed(guess_reward, paid[-1], "points"))
desk.say(guessed(guess_success, 100 * accepted[-1], "of 100"))

# %% [markdown]
# ## Two curves
#
# The upper curve is what the policy is paid. It knows nothing else. The lower curve is the judge's, who has no say.

# %%
REWARD, JUDGE = "#b07c12", "#1b7f5c"


def panel(values: Sequence[float], title: str, colour: str, most: float) -> alt.Chart:
    """A curve over iterations."""
    rows = [{"iteration": i, "value": value} for i, value in enumerate(values)]
    x = alt.X("iteration:Q", title="iteration of reinforcement learning", scale=alt.Scale(nice=False))
    y = alt.Y("value:Q", title=title, scale=alt.Scale(domain=[0, most]))
    line: alt.Chart = alt.Chart(alt.Data(values=rows)).mark_line(color=colour, strokeWidth=3).encode(x, y)
    return line.properties(width=480, height=150)


def two_curves(learned: Learn, title: str) -> alt.VConcatChart:
    """The reward, and below it the success by the judge: means over ten iterations."""
    reward, success = noted(learned, "reward"), [100 * share for share in noted(learned, "pass@1")]
    above = panel(reward, "reward, points a completion", REWARD, max(2.0, *reward))
    return alt.vconcat(above, panel(success, "accepted by the judge, %", JUDGE, 100), title=title)


desk.show(two_curves(hacked, "A point for each right step"), "hacked")

# %% [markdown]
# Look at the beginning, too. For a while both curves may rise together, since a better solver earns more. Then they part. That the reward
# climbs proves nothing: ask somebody who is not paid by it.
#
# ## Find the trick
#
# Numbers say *that* something is wrong. To see *what*, read. Here are completions of the base and of the hacked policy. The judge's mark
# stands behind each step.

# %%
SHOWN = 3  # problems


@dataclass(frozen=True)
class Drawn:
    """A completion of a problem."""

    prompt: str
    trace: Trace
    marked: str  # with the judge's mark behind each step


def drawn(policy: Learn) -> list[Drawn]:
    """A completion of each of some problems."""
    sample = Sample(policy, Endless(family, "test"), desk.size(32, 4), Sampler(group=1, spare=ROOM, surface=surface))
    found = read_samples(sample, desk.store)
    shown = []
    for task, words, prompt in zip(sample.met(desk.store), found.words, found.prompts, strict=True):
        trace = surface.read(tuple(words.split()))
        marks = zip(trace.assertions, verify(task, trace).steps, strict=True)
        steps = [f"{' '.join(surface.sentence(step))} {'✓' if right else '✗'}" for step, right in marks]
        ending = "no answer" if trace.answer is None else f"answer {trace.answer}"
        shown.append(Drawn(prompt, trace, " ; ".join([*steps, ending])))
    return shown


before, after = drawn(base), drawn(hacked)
for one, other in list(zip(before, after, strict=True))[:SHOWN]:
    desk.say(f"`{one.prompt}`\n\n- before: {one.marked}\n- after: {other.marked}")

# %% [markdown]
# **Guess** what changed most: `"more steps"`, `"fewer steps"` or `"more mistakes"`.

# %%
guess_trick = None


# %%
def habits(name: str, completions: Sequence[Drawn]) -> dict[str, object]:
    """Some counts of completions."""
    traces = [one.trace for one in completions]
    repeated = [sum(n - 1 for n in Counter(step.name for step in trace.assertions).values()) for trace in traces]
    return {
        "policy": name,
        "steps written": float(np.mean([len(trace.assertions) for trace in traces])),
        "steps that repeat a name": float(np.mean(repeated)),
        "% without an answer": 100 * float(np.mean([trace.answer is None for trace in traces])),
    }


counted = [habits("before", before), habits("after", after)]
desk.table(counted)
more = float(str(counted[1]["steps written"])) - float(str(counted[0]["steps written"]))
desk.say(chosen(guess_trick, "more steps" if more > 0.5 else "fewer steps" if more < -0.5 else "more mistakes"))

# %% [markdown]
# Nobody asked for steps that lead nowhere, but we pay for each. Some of them are right, so the policy writes as many as there is room
# for. It does not lie and it does not rebel. It does what it is paid for.
#
# ## See it early
#
# You need not wait for the end. **Guess:** in which iteration was the judge's curve at its best?

# %%
guess_best = None


# %%
def since_best(learned: Learn) -> str:
    """The change of reward and success since success was at its best."""
    paid, accepted = noted(learned, "reward"), noted(learned, "pass@1")
    best = int(np.argmax(accepted))
    change = f"the reward went from {paid[best]:.2f} to {paid[-1]:.2f}, and success from {accepted[best]:.0%} to {accepted[-1]:.0%}"
    return f"Success was at its best in iteration {best}. From there to the end, {change}."


desk.say(guessed(guess_best, int(np.argmax(accepted))))
desk.say(since_best(hacked))

# %% [markdown]
# Three habits find such things early: draw an independent measure beside the reward; stop and look where the two part; read some
# completions in every run, also where all is well.
#
# ## Mend it
#
# Pay each *needed* step once, however often it is written. `problem.proof` holds the needed steps.


# %%
@dataclass(frozen=True)
class NeededOnce:
    """A point for each step of the proof that is written and right."""

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        points = []
        for i, (trace, verdict) in enumerate(zip(r.traces, r.verdicts, strict=True)):
            needed = {step.name for step in r.problems[i // r.group].proof}  # completions of a problem are neighbours
            right = {step.name for step, good in zip(trace.assertions, verdict.steps, strict=True) if good}
            points.append(float(len(needed & right)))
        return r.at_end(r.logp.new_tensor(points))


# %% [markdown]
# **Guess:** how many of 100 completions does the judge accept now?

# %%
guess_mended = None

# %%
mended = practised(NeededOnce())
desk.run({"a point for each needed step, once": mended}, "reward", "points a completion", "reward-mended")
desk.say(guessed(guess_mended, 100 * noted(mended, "pass@1")[-1], "of 100"))
desk.show(two_curves(mended, "A point for each needed step, once"), "mended")

# %% [markdown]
# Is it mended? Do not trust the idea, and not the reward. Look where the second curve goes, and read again.

# %%
desk.say(since_best(mended))
again = drawn(mended)
for one in again[: 2 * SHOWN]:
    desk.say(f"`{one.prompt}`\n\n- {one.marked}")
desk.table([*counted, habits("mended", again)])

# %% [markdown]
# This reward, too, can be earned without the work. It asks if the right step stands *somewhere*. A second try with another value costs
# nothing, and may be right; a step that nobody needs costs nothing either, and of the answer it says nothing at all. Do you see a policy
# that uses this? When one of them finds it is luck. That they *may* is a property of the reward.
#
# ## The reward that is the judge
#
# The studies of this project pay by the judge itself (`Process()` of `train.rl`): 1 for a right answer by right, complete and necessary
# steps, else 0. Then there is nothing left between what is paid and what is wanted. In the world outside there is no such judge, and
# every reward is a proxy.

# %%
judged = practised(Process())
desk.run({"by the judge": judged}, "reward", "points a completion", "reward-judged")

# %%
rows = [
    {"iteration": i, "accepted": 100 * value, "paid": name}
    for name, learned in (("each right step", hacked), ("each needed step once", mended), ("by the judge", judged))
    for i, value in enumerate(noted(learned, "pass@1"))
]
NAMES, RANGE = ["each right step", "each needed step once", "by the judge"], ["#c8321e", "#1f5fa8", JUDGE]
chart = (
    alt.Chart(alt.Data(values=rows), title="Three rewards, one judge")
    .mark_line(strokeWidth=3)
    .encode(
        alt.X("iteration:Q", title="iteration of reinforcement learning", scale=alt.Scale(nice=False)),
        alt.Y("accepted:Q", title="accepted by the judge, %", scale=alt.Scale(domain=[0, 100])),
        alt.Color("paid:N", title="what is paid", scale=alt.Scale(domain=NAMES, range=RANGE)),
        alt.StrokeDash("paid:N", title="what is paid", scale=alt.Scale(domain=NAMES)),
    )
    .properties(width=480, height=260)
)
desk.show(chart, "three")

# %% [markdown]
# This is one seed of a small model. That more steps earn more is sure; *when* a policy finds it is luck.
#
# ## Exercises
#
# Solutions are in `analysis/lessons/solutions/lesson_6.py`.
#
# **1. Be the hacker.** Write a trace that earns more than the right solution by a point for each right step, and that the judge refuses.
# `gold(problem)` (from `synthtasks`) is the right solution, a `Trace(assertions, answer)`.


# %%
def exercise_1(problem: Problem) -> Trace | None:
    """A trace that is paid too well."""
    return None  # your turn


print(check_exercise_1(exercise_1))

# %% [markdown]
# **2. Be the alarm.** Two smoothed curves come in. Say the first iteration in which the reward is higher than `over` iterations before,
# and success is lower by more than `margin`. Say -1 if that never happens.


# %%
def exercise_2(reward: Sequence[float], success: Sequence[float], over: int, margin: float) -> int | None:
    """The iteration of the alarm."""
    return None  # your turn


print(check_exercise_2(exercise_2))

# %% [markdown]
# **3. Be the lawyer.** Write a reward of one trace between 0 and 1 that pays for partly right work, and pays the right solution more than
# anything that the judge refuses: padding, repetitions, a wrong answer, no answer. Do not just ask the judge for 0 or 1: half of the
# needed steps should earn more than nothing.


# %%
def exercise_3(problem: Problem, trace: Trace) -> float | None:
    """A fair reward."""
    return None  # your turn


print(check_exercise_3(exercise_3))

# %% [markdown]
# ## What to take away
#
# - A policy learns what is paid. A rising reward shows that it learns that, and nothing else.
# - Draw a second curve by a measure that is not paid. Where the two part, read completions.
# - A mend is a new reward. Ask again how it could be earned without the work, and look again.
