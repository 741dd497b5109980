"""Laws of scores: right answers score 1 however they are written, wrong ones score less, and no answer does anything else."""

import re
import warnings
from collections.abc import Callable, Iterator

from synthtasks.laws.foreign.of_draws import FEW, MANY, OURS, every, few
from synthtasks.laws.foreign.task import Case, Entry, Law, Task, cut, drawn, solution

WHOLE = re.compile(r"-?\d+")
DOUBLES = ("{right} or {wrong}", "{wrong} or {right}", "{right} {wrong}", "{right}\n{wrong}")
INSIDE = ("1{right}", "{right}0", "{right}5", "{right}.5")
ODD = {
    "an open bracket": "(",
    "brackets": "()",
    "a thousand brackets": "(" * 1_000,
    "a space": " ",
    "a zero byte": "\0",
    "a division by zero": "1/0",
    "a fraction over zero": r"\frac{1}{0}",
    "infinity": "1e999",
    "not a number": "nan",
    "a sign": "-",
    "operators": "∧∨¬→↔",
    "half an expression": "3 +",
    "Eastern digits": "٣",
    "half a surrogate pair": "\ud800",
    "words": "is a is a is",
    "a list": "[[1, 2], [3]]",
    "ten thousand letters": "x" * 10_000,
    "nothing": None,
}
ACTS = "__import__('warnings').warn('an answer was run')"  # harmless, and seen


def scored(task: Task, case: Case, answer: str | None) -> float:
    return float(task.make(case.seed, FEW).score_answer(answer, entry_of(task, case)))


def entry_of(task: Task, case: Case) -> Entry:
    return drawn(task, case.seed, FEW)[case.index]


def earns(task: Task, case: Case, answer: object, score: float) -> str:
    entry = entry_of(task, case)
    return f"{cut(answer)} scores {score:g}; asked is {task.asked(entry)}, and stated {cut(solution(entry))}"


# --- right answers


def stated_answer_scores(task: Task, case: Case) -> str | None:
    entry = entry_of(task, case)
    score = scored(task, case, entry["answer"])
    return None if score == 1 else earns(task, case, entry["answer"], score)


def offered(task: Task) -> Iterator[Case]:
    yield from (c for c in every(task) if drawn(task, c.seed, MANY)[c.index]["answer"] is None)


def example_scores(task: Task, case: Case) -> str | None:
    entry = drawn(task, case.seed, MANY)[case.index]
    score = task.make(case.seed, MANY).score_answer(solution(entry), entry)
    return None if score == 1 else f"{cut(solution(entry))} scores {score:g}; asked is {task.asked(entry)}"


def stated_answer_is_right(task: Task, case: Case) -> str | None:
    entry = drawn(task, case.seed, MANY)[case.index]
    said = solution(entry)
    if said is not None and task.right(entry, said):
        return None
    return f"{cut(said)} is not right, says a checker of ours; asked is {task.asked(entry)}"


def not_everything_is_right(task: Task, case: Case) -> str | None:
    entries = drawn(task, case.seed, MANY)
    entry = entries[case.index]
    said = [solution(entries[(case.index + k) % MANY]) for k in range(1, FEW)]
    if any(answer is not None and not task.right(entry, answer) for answer in said):
        return None
    return f"the answers to the next {FEW - 1} items are all right here; asked is {task.asked(entry)}"


def decorated(task: Task) -> Iterator[Case]:
    for case in few(task):
        yield from (
            c for d in ("tags", *(d.name for d in task.decorations)) if written(task, c := Case(case.seed, case.index, d)) is not None
        )


def written(task: Task, case: Case) -> str | None:
    entry, said = entry_of(task, case), solution(entry_of(task, case))
    if said is None or scored(task, case, said) < 1:
        return None  # the plain answer does not score: another law
    if case.probe == "tags":
        return task.library.extract(f"I add them up, and so <answer> {said} </answer>")
    return next(d.write(said, entry) for d in task.decorations if d.name == case.probe)


def decoration_is_harmless(task: Task, case: Case) -> str | None:
    answer = written(task, case)
    score = scored(task, case, answer)
    return None if score == 1 else f"{case.probe}: {earns(task, case, answer, score)}"


# --- wrong answers


def others(task: Task, case: Case) -> Iterator[str]:
    """Answers to other items that are wrong here, says the independent checker; the next item's first."""
    entries, here = drawn(task, case.seed, FEW), entry_of(task, case)
    after = (solution(entries[(case.index + k) % FEW]) for k in range(1, FEW))
    yield from (said for said in after if said is not None and not task.right(here, said))


def wrong(task: Task, case: Case) -> str | None:
    """The wrong answer of a case, by its probe."""
    entry = entry_of(task, case)
    right, another = solution(entry), next(others(task, case), None)
    if case.probe in ("None", "empty", "question"):
        return {"None": None, "empty": "", "question": entry["question"]}[case.probe]
    if case.probe == "many":
        return ", ".join([*others(task, case), str(right)])
    return another if case.probe == "other" else case.probe.format(right=right, wrong=another)


def wrongly(*probes: str) -> Callable[[Task], Iterator[Case]]:
    def cases(task: Task) -> Iterator[Case]:
        for case in few(task):
            right = solution(entry_of(task, case))
            if right is None or next(others(task, case), None) is None:
                continue
            kept = [p for p in probes if p not in INSIDE or WHOLE.fullmatch(right)]
            yield from (Case(case.seed, case.index, probe) for probe in kept)

    return cases


def scores_less(task: Task, case: Case) -> str | None:
    answer = wrong(task, case)
    score = scored(task, case, answer)
    return None if score < 1 else earns(task, case, answer, score)


def earns_nothing(task: Task, case: Case) -> str | None:
    answer = wrong(task, case)
    score = scored(task, case, answer)
    return None if score == 0 else earns(task, case, answer, score)


def lines(task: Task) -> Iterator[Case]:
    for case in few(task):
        yield from (Case(case.seed, case.index, str(i)) for i in range(len(parts(entry_of(task, case)))))


def parts(entry: Entry) -> list[str]:
    """The lines of a question, without the numbers of a list."""
    found = (re.sub(r"^\W*\d+\. ", "", line).strip() for line in entry["question"].splitlines())
    return [line for line in found if line]


def is_not_copied(task: Task, case: Case) -> str | None:
    entry = entry_of(task, case)
    answer = dict(enumerate(parts(entry))).get(int(case.probe))
    score = scored(task, case, answer)
    return None if score < 1 else earns(task, case, answer, score)


# --- any answers


def odd(task: Task) -> Iterator[Case]:
    yield from (Case(0, i, probe) for i in range(3) for probe in ODD)


def is_total(task: Task, case: Case) -> str | None:
    try:
        score = scored(task, case, ODD[case.probe])
    except Exception as error:
        return f"{case.probe} ({cut(ODD[case.probe])}): {type(error).__name__}"
    return None if 0 <= score <= 1 else f"{case.probe} scores {score:g}"


def runs_nothing(task: Task, case: Case) -> str | None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        scored(task, case, ACTS)
    ran = any("an answer was run" in str(w.message) for w in seen)
    return f"the answer {ACTS} is run as Python" if ran else None


def acting(task: Task) -> Iterator[Case]:
    yield from (Case(0, i, "acts") for i in range(3))


VERIFIED = "README: “algorithmically verifiable reasoning environments”"
LAWS = (
    Law(
        "stated",
        "The stated answer scores 1.",
        "README: `assert data.score_answer(answer=x['answer'], entry=x) == 1.0`",
        few,
        stated_answer_scores,
    ),
    Law("example", "Where no answer is stated, the example in the metadata scores 1.", OURS, offered, example_scores),
    Law("checked", "A checker written apart from the task finds the stated answer right.", VERIFIED, every, stated_answer_is_right),
    Law("asks", "Some answer is wrong: a checker refuses some of the answers to 29 other items.", OURS, every, not_everything_is_right),
    Law(
        "decoration",
        "A right answer scores 1 in every form that the task's text promises.",
        "`extract_answer`, the questions, and comments on scores",
        decorated,
        decoration_is_harmless,
    ),
    Law(
        "nothing", "No answer, an empty answer and the question score below 1.", VERIFIED, wrongly("None", "empty", "question"), scores_less
    ),
    Law("other", "The answer to another item, wrong here, scores below 1.", VERIFIED, wrongly("other"), scores_less),
    Law("double", "A right answer beside a wrong one scores below 1.", VERIFIED, wrongly(*DOUBLES), scores_less),
    Law("inside", "A number that holds the right digits and others scores below 1.", VERIFIED, wrongly(*INSIDE), scores_less),
    Law("many", "The right answer among up to 29 wrong ones scores below 1.", VERIFIED, wrongly("many"), scores_less),
    Law(
        "pays",
        "None of these wrong answers earns anything.",
        f"{OURS}; some tasks pay for parts on purpose",
        wrongly("None", "empty", "question", "other", "many", *DOUBLES, *INSIDE),
        earns_nothing,
    ),
    Law("copied", "No line of the question scores 1 as an answer.", OURS, lines, is_not_copied),
    Law("total", "Any text, and none, has a score from 0 to 1.", "`score_answer(answer: Optional[str], …) -> float`", odd, is_total),
    Law("data", "Scoring an answer does not run it.", OURS, acting, runs_nothing),
)
