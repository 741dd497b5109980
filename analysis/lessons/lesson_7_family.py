# %% [markdown]
# # 7. A family of your own until the laws pass, then the factorial on it
#
# The tasks of this project are not carved in stone. You can bring your own, and ask the main question of it. In this lesson you
#
# - write a family of problems, with a mistake that is easy to make,
# - let laws find it, with the smallest problem that shows it,
# - mend the family until it keeps every law,
# - run the factorial study on it, and see where its edge is.
#
# **Time:** 45 minutes for you, about two for the computer. **You need:** lesson 1 (problems), lesson 2 (the edge) and lesson 4
# (practice).

# %%
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import altair as alt
import numpy as np
from rich.console import Console

from analysis import study
from analysis.design.scale import SMOKE
from analysis.lessons import Desk, chosen, guessed
from analysis.lessons.checks.lesson_7 import check_exercise_1, check_exercise_2, check_exercise_3
from analysis.lessons.families import clock
from analysis.lessons.families.clock import LATER, MIRRORED, Clock
from synthtasks import Problem, Step, laws, problem
from synthtasks.families import Dial, Family, label
from synthtasks.families.chains import CHAIN
from synthtasks.families.dials.quantities import length
from synthtasks.surfaces import Equations, Story

desk = Desk.of(7)

# %% [markdown]
# ## Primitives
#
# A primitive is one small computation. Ours are about a clock with hours from 0 to 11: the hand is turned on (`later`), or the clock is
# seen in a mirror (`mirrored`). A primitive is a name, a symbol and a function.

# %%
desk.say(f"`later(10, 5)` is {LATER(10, 5, modulus=12)}; `mirrored(3)` is {MIRRORED(3, modulus=12)}")

# %% [markdown]
# ## First draft
#
# A family is a frozen dataclass. Its fields are dials of difficulty, and a call draws a problem. Each step takes the hour of the step
# before it. At the end we ask for the hour of one of the steps, a random one, so that nobody can foresee which.


# %%
@dataclass(frozen=True)
class FirstDraft:
    """The time after turns of the hand and looks into a mirror."""

    steps: int = 4

    primitives = (LATER, MIRRORED)
    modulus = 12
    dials = (Dial("steps", (2, 4, 6), length),)  # the field `steps` is the length of the derivation
    forced = CHAIN

    @property
    def names(self) -> int:
        return self.steps

    def __call__(self, g: np.random.Generator) -> Problem:
        before: str | int = int(g.integers(12))
        steps: list[Step] = []
        for i in range(self.steps):
            turned = Step(label(i), LATER, (before, int(g.integers(12))))
            steps.append(turned if g.integers(2) else Step(label(i), MIRRORED, (before,)))
            before = label(i)
        asked = label(int(g.integers(self.steps)))
        return Problem(tuple(steps), asked, self.modulus)


surface = Equations()
for i in range(3):
    desk.say(f"`{' '.join(surface.prompt(problem(FirstDraft(), 'train', 'lesson 7', i)))}`")

# %% [markdown]
# The problems look fine. There are eighteen laws that a family has to keep. Here are four of them.

# %%
FOUR = {"A": "function of the generator", "B": "Dials mean", "C": "Answers vary", "D": "nothing that is to be found"}
for letter, part in FOUR.items():
    desk.say(f"**{letter}** {next(law.says for law in laws.LAWS if part in law.says)}")

# %% [markdown]
# **Guess:** which of them does the first draft break, `"A"`, `"B"`, `"C"` or `"D"`?

# %%
guess_law = None


# %%
def broken(family: Family) -> str:
    """The first law that a family breaks, with the smallest example that was found; "" if it keeps all."""
    try:
        laws.check(family, Equations(), Story(), examples=desk.size(60, 10))
    except laws.LawBroken as fault:
        return str(fault)
    return ""


first_fault = broken(FirstDraft())
desk.say(chosen(guess_law, next((letter for letter, part in FOUR.items() if part in first_fault), "none of them")))
print(first_fault)

# %% [markdown]
# The law tries many problems, and shows the smallest that breaks it. There, two steps are stated, and the question is answered after one:
# so the dial says 2, and the difficulty is 1.
#
# Does it matter? The edge of a model is found *along this dial*. With a dial that lies, easy problems hide among the hard ones, and we
# would think that the model can do more than it can.
#
# ## Second draft
#
# So we ask for the last step. And to give the story an end, the hand comes home: every turn is undone by the next one.


# %%
@dataclass(frozen=True)
class SecondDraft(FirstDraft):
    """The time after turns of the hand, each of which is undone by the next."""

    def __call__(self, g: np.random.Generator) -> Problem:
        before: str | int = int(g.integers(12))
        steps: list[Step] = []
        hours = 0
        for i in range(self.steps):
            hours = int(g.integers(1, 12)) if i % 2 == 0 else 12 - hours
            steps.append(Step(label(i), LATER, (before, hours)))
            before = label(i)
        return Problem(tuple(steps), label(self.steps - 1), self.modulus)


for i in range(3):
    task = problem(SecondDraft(), "train", "lesson 7", i)
    desk.say(f"`{' '.join(surface.prompt(task))}` The answer is {task.answer}.")

# %% [markdown]
# **Guess** again: `"A"`, `"B"`, `"C"` or `"D"`?

# %%
guess_law_2 = None

# %%
second_fault = broken(SecondDraft())
desk.say(chosen(guess_law_2, next((letter for letter, part in FOUR.items() if part in second_fault), "none of them")))
print(second_fault)

# %% [markdown]
# The answer stands in the question. A model that copies one number is always right in its answer, and we would call that reasoning.
#
# ## Third draft
#
# The family that keeps the laws lies in a file of its own, since other processes have to find it. Two lines are new: `one_derivation`,
# which promises that steps can come in one order only, so that success can be computed exactly; and what else the dial moves, with the
# reason.

# %%
desk.say(f"```python\n{inspect.getsource(Clock)}```")
last_fault = broken(Clock())
desk.say(last_fault or f"`Clock` keeps all {len(laws.LAWS)} laws.")

# %% [markdown]
# A law cannot prove that a family is good. It rules out mistakes that others have made before you.
#
# ## The factorial study
#
# Now the question of this project, asked of your family: when does reinforcement learning give a model reasoning that it did not have?
# Two students read the same documents. One of them never learns the results of `mirrored`. Then both practise on problems below, at and
# beyond the edge of the first.
#
# **Guess:** pretraining solves problems of up to three steps. Up to how many steps does the first student solve at least half, before any
# practice?

# %%
guess_edge = None

# %% [markdown]
# We take the smallest scale, with more practice, one seed, and the cells that are paid by the judge of steps.
#
# **A caveat.** This scale was made to check that everything is connected. One seed of a small model shows how the study *works*. It does
# not answer the question.

# %%
STUDENTS = {"present": "knows mirrored", "absent": "never learned it"}
asked = study(
    "grid",
    scale=desk.size(replace(SMOKE, rl_iterations=60), desk.scale),
    seeds=1,
    only={"control": "none", "reward": "process"} | desk.size({}, {"primitive": "present"}),
    family=f"{clock.__name__}:Clock",
    withhold=("mirrored",),
    out=desk.out,
    jobs=desk.size(2, 1),
    console=Console(quiet=True),  # what it found comes below
)
bases = {STUDENTS[dict(cell.labels)["primitive"]]: cell["base"] for cell in asked.cells}
desk.run(bases, "loss", "nats a word", "loss")

# %% [markdown]
# The two learn from different words: the second has no loss on the results of `mirrored`. So compare each curve with itself. The rest of
# the study, practice and exams, is silent, and takes about as long again.

# %%
answer = asked.run()

# %% [markdown]
# The results are *facts*: a number with all that says what it is. Here are those of the first student, before it practised.

# %%
facts = [(dict(fact.labels), fact) for fact in answer.results.facts]


def values(metric: str, phase: str, primitive: str, region: str) -> dict[int, float]:
    """A metric by number of steps."""
    wanted = {"primitive": primitive, "region": region}
    found = [fact for labels, fact in facts if labels.items() >= wanted.items() and (fact.metric, fact.phase) == (metric, phase)]
    return {int(fact.at): fact.value for fact in found if fact.at is not None}


before = values("pass@1", "before", "present", "at")
half = max((steps for steps, value in before.items() if value >= 0.5), default=0)
desk.say(guessed(guess_edge, half, "steps"))

# %% [markdown]
# Success falls within a few steps: that is the edge. *At the edge* are the problems that one try seldom solves, and 128 tries sometimes
# do.

# %%
REGIONS = ("below", "at", "beyond")
bands = {region: [int(n) for n in values(f"band {region}", "edge", "present", "at")] for region in REGIONS}
desk.table([{"region": region, "steps": ", ".join(map(str, bands[region])) or "none"} for region in REGIONS])

# %%
rows = [
    {"steps": steps, "solved": 100 * value, "tries": metric.replace("pass@", ""), "student": student}
    for primitive, student in STUDENTS.items()
    for metric in ("pass@1", "pass@128")
    for steps, value in values(metric, "before", primitive, "at").items()
]
shown = alt.Scale(domain=list(STUDENTS.values()), range=["#1f5fa8", "#c8321e"])
curves = alt.Chart(alt.Data(values=rows)).encode(
    alt.X("steps:O", title="steps of the problem", axis=alt.Axis(labelAngle=0)),
    alt.Y("solved:Q", title="problems solved, % (exact)", scale=alt.Scale(domain=[0, 100])),
    alt.Color("student:N", title="student", scale=shown),
)
dashed = alt.StrokeDash("tries:N", scale=alt.Scale(domain=["1", "128"]), legend=alt.Legend(symbolType="stroke", symbolSize=400))
lines = curves.mark_circle(size=50) + curves.mark_line(strokeWidth=3).encode(dashed)
given = alt.Chart(alt.Data(values=[{"steps": n} for n in bands["at"]])).mark_bar(color="#e8d9b5", width=alt.RelativeBandSize(1.0))
chart = alt.layer(given.encode(x="steps:O"), lines).properties(width=480, height=280, title="Before practice (shaded: at the edge)")
desk.show(chart, "edge")

# %% [markdown]
# ## Practice
#
# **Guess:** which student gains at the edge, and from practice in which region? Write for example `"absent, beyond"`.

# %%
guess_gain = None


# %%
def gain(primitive: str, region: str) -> float:
    """The change of pass@128 at the edge by practice in a region, in points of 100."""
    after, start = (values("pass@128", phase, primitive, region) for phase in ("after", "before"))
    return 100 * float(np.mean([after[n] - start[n] for n in bands["at"]])) if bands["at"] and after else float("nan")


gains = [
    {"practice": region, "gain": gain(primitive, region), "student": student, "cell": f"{primitive}, {region}"}
    for primitive, student in STUDENTS.items()
    for region in REGIONS
]
measured = [one for one in gains if one["gain"] == one["gain"]]  # a region may have no problems, and then no gain
if measured:
    desk.say(chosen(guess_gain, str(max(measured, key=lambda one: float(str(one["gain"])))["cell"])))
    bars = alt.Chart(alt.Data(values=measured)).encode(
        alt.X("practice:N", title="practice, relative to the edge", sort=list(REGIONS), axis=alt.Axis(labelAngle=0)),
        alt.Y("gain:Q", title="pass@128 after less before, points of 100"),
        alt.XOffset("student:N", sort=list(STUDENTS.values())),
        alt.Color("student:N", scale=shown),
    )
    numbers = bars.mark_text(dy=-8).encode(alt.Text("gain:Q", format="+.1f"))
    chart = alt.layer(bars.mark_bar(), numbers).properties(width=480, height=260, title="What practice added at the edge (one seed)")
    desk.show(chart, "gains")
else:
    desk.say("This base has no edge, so there is nothing to practise at: take more pretraining.")

# %% [markdown]
# Where a bar has no height, nothing moved: if no try earns anything, or every try does, then no try is better than another, and there is
# nothing to learn from. The report says so of each cell, and judges each claim.

# %%
desk.say(f"The report: `{answer.report}`")
verdicts = {finding.name: finding.verdict for finding in answer.results.findings if finding.verdict != "reported"}
desk.table([{"claim": name, "verdict": verdict} for name, verdict in verdicts.items()])

# %% [markdown]
# *Undetermined* is the honest word for one seed. On the command line the same study runs at a scale that can answer:
#
# ```
# python -m analysis run grid --family analysis.lessons.families.clock:Clock --withhold mirrored
# ```
#
# ## Exercises
#
# Solutions are in `analysis/lessons/solutions/lesson_7.py`.
#
# **1. A primitive.** Write the function of a third primitive, `opposite`: the hour on the other side of the dial. (Of 3 it is 9.) It gets
# the hour and the modulus, which is even.


# %%
def exercise_1(hour: int, modulus: int) -> int | None:
    """The hour on the other side."""
    return None  # your turn


print(check_exercise_1(exercise_1))

# %% [markdown]
# **2. A law.** Write the law that the second draft broke: the largest share of problems whose answer stands at some place of the
# question. The given numbers of a problem are those arguments of `problem.stated` that are no text; look at each place, counted from the
# start. All problems that come in have equally many given numbers.


# %%
def exercise_2(problems: Sequence[Problem]) -> float | None:
    """The share of problems whose answer is at the best place to copy from."""
    return None  # your turn


print(check_exercise_2(exercise_2))

# %% [markdown]
# **3. A family.** Write one about days of the week: values are 0 to 6, and the primitives are `later` and one that you invent. It has a
# field `steps`, which is its length. Copy `Clock`, and change it. The check runs the laws on it. (In a file of its own, it could be
# studied, too.)


# %%
def exercise_3() -> Callable[[int], Family] | None:
    """The class of your family, which is called with the number of steps."""
    return None  # your turn


print(check_exercise_3(exercise_3))

# %% [markdown]
# ## What to take away
#
# - A family is a page of code. Its mistakes are quiet: problems look fine, and the numbers that come out are wrong.
# - Laws, tried on many problems, find what reading does not, and show the smallest example.
# - Any family that keeps the laws can be studied like the built-in ones. How many seeds you run decides what you may say.
