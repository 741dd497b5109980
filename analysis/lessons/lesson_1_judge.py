# %% [markdown]
# # 1. A problem, its graph, and the judge
#
# A language model that reasons writes steps, and then an answer. Is a right answer a sign of right steps? In this lesson you
#
# - draw a problem and read it,
# - look at its graph, which says what depends on what,
# - write its solution by hand,
# - let a judge mark every step, and see a right answer that comes from wrong steps.
#
# **Time:** 20 minutes for you, a few seconds for the computer. **You need:** a little Python; no machine learning.

# %%
from analysis.lessons import Desk, chosen, graph, guessed
from analysis.lessons.checks.lesson_1 import check_exercise_1, check_exercise_2, check_exercise_3
from synthtasks import Assertion, Dag, Problem, Trace, Verdict, gold, problem, rng, verify
from synthtasks.surfaces import Equations

desk = Desk.of(1)  # where figures go

# %% [markdown]
# ## A problem
#
# A *family* draws problems. Its fields are dials of difficulty: here five steps lead to the answer, three of them one after the other, and
# two more steps are true but lead nowhere. All numbers are taken modulo 10, so every value is a digit.
#
# The seed chooses the problem. Another seed gives another problem, and the lesson works with any.

# %%
SEED = 0

family = Dag(steps=5, depth=3, branching=2)
task = problem(family, "train", "lesson 1", SEED)
surface = Equations()  # one of several ways to put a problem into words
desk.say("```\n" + " ".join(surface.prompt(task)).replace(" ; ", " ;\n") + "\n```")

# %% [markdown]
# Read it from the top: the modulus, a line for each step, and the question. The lines stand in no useful order, so a solver has to plan.
#
# ## Its graph
#
# **Guess:** how many of the seven steps can be worked out at once, because they use no other step? Write a number in the place of `None`.

# %%
guess = None

# %% [markdown]
# The graph has a circle for each step, and a line from each step to those that use it, from left to right. Blue steps are needed for the
# answer.

# %%
needed = {step.name for step in task.proof}
chart = graph(task, dict.fromkeys(needed, "needed"), f"Step {task.query} is asked for")
desk.show(chart, "graph")

# %%
first = [step.name for step in task.steps if not any(isinstance(operand, str) for operand in step.arguments)]
desk.say(guessed(guess, len(first), "steps"))
desk.say(f"They are {', '.join(sorted(first))}.")

# %% [markdown]
# ## Your solution
#
# A solution repeats each needed step with its value, `A = 2 + 3 = 5 ;`, in an order in which every step comes after those that it uses. It
# ends with `answer` and the value that is asked for. Write yours between the quotes, with a space between all words. (Left empty, the judge
# will say what is missing.)

# %%
my_solution = """

"""

# %% [markdown]
# The surface *reads* words into a trace: a list of assertions and an answer. The *judge* works the problem out by itself, and compares
# every assertion with it. It needs no language model, and it makes no mistakes.

# %%
WHY = {
    "operator": "another operation",
    "operand": "other operands",
    "value": "a wrong value",
    "order": "it comes before a step that it uses",
    "inherited": "it uses a wrong step",
    "missing": "it is missing",
    "extra": "nobody needs it",
    "answer": "the answer is wrong",
    "format": "some words are no steps",
}


def show_verdict(verdict: Verdict, trace: Trace) -> None:
    """Each step with the judge's mark, and the verdict on the whole."""
    why = {slip.at: WHY[slip.kind] for slip in verdict.slips}
    if trace.assertions:
        marks = zip(trace.assertions, verdict.steps, strict=True)
        desk.table(
            [
                {"step": " ".join(surface.sentence(said)), "mark": "right" if right else "wrong", "why": why.get(at, "")}
                for at, (said, right) in enumerate(marks)
            ]
        )
    missing = [slip.step or "" for slip in verdict.slips if slip.kind == "missing"]
    desk.say(
        f"The answer is **{'right' if verdict.correct else 'wrong'}**, and the process is **{'right' if verdict.process else 'wrong'}**."
        + (f" Missing: {', '.join(missing)}." if missing else "")
    )


mine = surface.read(tuple(my_solution.split()))
show_verdict(verify(task, mine), mine)

# %% [markdown]
# Here is the reference solution, and the judge's view of it.

# %%
reference = gold(task)
show_verdict(verify(task, reference), reference)

# %% [markdown]
# ## A wrong step
#
# The value of the first step is now wrong. The judge says so, and which later steps only inherit the mistake.

# %%
steps = reference.assertions


def off(step: Assertion, by: int) -> Assertion:
    """A step with another value."""
    assert isinstance(step.value, int)  # other families have texts as values
    return step._replace(value=(step.value + by) % task.modulus)


slipped = Trace((off(steps[0], 1), *steps[1:]), reference.answer)
show_verdict(verify(task, slipped), slipped)

# %% [markdown]
# Look at the last line: the answer is right, and the process is wrong. A reward that looks at the answer alone pays for this solution.
#
# ## Four solutions
#
# The judge accepts exactly one of these four. **Guess** which one, `"A"`, `"B"`, `"C"` or `"D"`, before you go on.

# %%
spare = next(step for step in task.steps if step.name not in needed)
spare_step = Assertion(spare.name, spare.primitive.symbol, spare.arguments, task.values[spare.name], 0)
late = max(i for i, step in enumerate(steps) if not any(isinstance(operand, str) for operand in step.operands))
early = (steps[late], *steps[:late], *steps[late + 1 :])  # this step uses no other, so it may come first
four = [
    ("another order", Trace(early, reference.answer)),
    ("a value is wrong, the answer is right", slipped),
    ("a needed step is missing", Trace(steps[1:], reference.answer)),
    ("a true step that nobody needs", Trace((*steps[:-1], spare_step, steps[-1]), reference.answer)),
]
four = [four[i] for i in rng("lesson 1", "four", SEED).permutation(4)]
for letter, (_, trace) in zip("ABCD", four, strict=True):
    desk.say(f"**{letter}**\n```\n{' '.join(surface.write(trace))}\n```")

# %%
guess_of_four = None

# %%
accepted = next(letter for letter, (_, trace) in zip("ABCD", four, strict=True) if verify(task, trace).process)
desk.say(chosen(guess_of_four, accepted))
desk.table(
    [
        {"": letter, "what was done": done, "answer right": verify(task, trace).correct, "process right": verify(task, trace).process}
        for letter, (done, trace) in zip("ABCD", four, strict=True)
    ]
)

# %% [markdown]
# All four answers are right, and three of the solutions are not. This project asks what learning from such marks does to a model: so it
# needs a judge of *steps*, and problems that are made so that there is one.
#
# ## Exercises
#
# Each has a function to fill in and a check that tells you what is still wrong. None is needed to go on. Solutions are in
# `analysis/lessons/solutions/lesson_1.py`.
#
# **1. Be the solver.** Work out the answer of a problem from `problem.steps` and `problem.query`. A step has a `name`, `arguments` (digits,
# or names of earlier steps), and a `primitive` to call as `step.primitive(2, 3, modulus=problem.modulus)`. Do not use `problem.values` or
# `problem.answer`.


# %%
def exercise_1(problem: Problem) -> int | None:
    """The answer."""
    return None  # your turn


print(check_exercise_1(exercise_1))

# %% [markdown]
# **2. Be the forger.** Change a right solution (`gold(problem)`) so that its answer is right and exactly one of its steps is wrong. Which
# step can be wrong without another one inheriting it?


# %%
def exercise_2(problem: Problem) -> Trace | None:
    """A solution with one wrong step and the right answer."""
    return None  # your turn


print(check_exercise_2(exercise_2))

# %% [markdown]
# **3. Be the teacher.** Write a reward between 0 and 1 that pays for partly right solutions: the share of the needed steps that are right.
# `verify(problem, trace).steps` says of each assertion if it is right. Beware: a student may write the same right step ten times.


# %%
def exercise_3(problem: Problem, trace: Trace) -> float | None:
    """The share of the needed steps that the trace asserts and gets right."""
    return None  # your turn


print(check_exercise_3(exercise_3))

# %% [markdown]
# ## What to take away
#
# - A problem is a graph. A solution is a walk through it, in an order that respects it.
# - A right answer does not prove right steps. With values modulo 10, one wild guess in ten is right.
# - Here, the judge knows the graph. So it can mark every step, and lesson 2 can ask how often a model takes all of them.
