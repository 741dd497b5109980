"""Ten tasks of Reasoning Gym, of several kinds: arithmetic, algebra, graphs, logic, games and strings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import cast

import reasoning_gym
from reasoning_gym.factory import create_curriculum
from reasoning_gym.utils import extract_answer

from synthtasks.bridges.gym import checkers
from synthtasks.laws.foreign import Dataset, Decoration, Entry, Task


@dataclass(frozen=True)
class Gym:
    """Reasoning Gym, as installed."""

    name: str = "reasoning-gym"

    @property
    def version(self) -> str:
        return version(self.name)

    def create(self, task: str, seed: int, size: int) -> Dataset:
        return cast(Dataset, reasoning_gym.create_dataset(task, seed=seed, size=size))

    def at(self, task: str, levels: Mapping[str, int], seed: int, size: int) -> Dataset:
        curriculum = create_curriculum(task)
        for attribute, level in levels.items():
            curriculum.set_attr_level(attribute, level)
        config = curriculum.generate_configuration({"seed": seed, "size": size})
        return cast(Dataset, reasoning_gym.create_dataset(task, **vars(config)))

    def levels(self, task: str) -> Mapping[str, int]:
        return {name: len(attribute.levels) for name, attribute in create_curriculum(task).attributes.items()}

    def extract(self, completion: str) -> str | None:
        return cast(str | None, extract_answer(completion))


def length(entry: Entry) -> float:
    """The characters of the question."""
    return float(len(entry["question"]))


def statements(entry: Entry) -> float:
    """The characters of what people say, in knights and knaves."""
    return float(len(str(entry["metadata"]["statements"])))


def numbers(entry: Entry) -> float:
    """The digits in the question."""
    return float(len(re.findall(r"\d", entry["question"])))


def signed(answer: str, entry: Entry) -> str | None:
    return None if answer.startswith("-") else f"+{answer}"


def padded(answer: str, entry: Entry) -> str:
    return answer.replace("-", "-0") if answer.startswith("-") else f"0{answer}"


def decimals(answer: str, entry: Entry) -> str:
    return f"{answer}.00"


def commas(answer: str, entry: Entry) -> str | None:
    return f"{int(answer):,}" if abs(int(answer)) > 999 else None


def _parts(answer: str) -> tuple[str, str]:
    numerator, denominator = re.findall(r"\d+", answer)
    return numerator, denominator


def plain(answer: str, entry: Entry) -> str:
    return "/".join(_parts(answer))


def inline(answer: str, entry: Entry) -> str:
    return f"${plain(answer, entry)}$"


def frac(answer: str, entry: Entry) -> str:
    return "$\\frac{{{}}}{{{}}}$".format(*_parts(answer))


def dfrac(answer: str, entry: Entry) -> str:
    return "$\\dfrac{{{}}}{{{}}}$".format(*_parts(answer))


def reversed_terms(answer: str, entry: Entry) -> str:
    """A sum of signed terms, the last term first."""
    terms = re.findall(r"[+-]?[^+-]+", answer.replace(" ", ""))
    return "".join(term if term[0] in "+-" else f"+{term}" for term in reversed(terms)).removeprefix("+")


def spaced(answer: str, entry: Entry) -> str:
    return f" {answer}\n"


def as_formatted(answer: str, entry: Entry) -> str:
    """The form that the question of knights and knaves gives: “a” before every role, and no full stop."""
    return answer.replace(" is an ", " is a ").removesuffix(".")


def in_another_order(answer: str, entry: Entry) -> str:
    """The people of knights and knaves from the last to the first."""
    return ", and ".join(reversed(answer.removesuffix(".").split(", and "))) + "."


def bracketed(answer: str, entry: Entry) -> str:
    return f"({answer})"


def bare(answer: str, entry: Entry) -> str | None:
    """A formula without the brackets around the whole."""
    return answer[1:-1] if re.fullmatch(r"\([^()]*\)", answer) else None


def without_spaces(answer: str, entry: Entry) -> str:
    return answer.replace(" ", "")


GYM = Gym()
TASKS: tuple[Task, ...] = (
    Task(
        GYM,
        "chain_sum",
        "arithmetic",
        checkers.chain_sum,
        (Decoration("a sign", signed), Decoration("leading zeros", padded), Decoration("decimals", decimals), Decoration("commas", commas)),
        {"num_terms": length, "num_digits": length},
    ),
    Task(
        GYM,
        "fraction_simplification",
        "arithmetic",
        checkers.fraction_simplification,
        (Decoration("plain", plain), Decoration("latex_inline", inline), Decoration("latex_frac", frac), Decoration("latex_dfrac", dfrac)),
        {"value": numbers, "factor": numbers},
    ),
    Task(
        GYM,
        "simple_equations",
        "algebra",
        checkers.simple_equations,
        dials={"max_terms": length, "max_value": numbers},
    ),
    Task(
        GYM,
        "polynomial_multiplication",
        "algebra",
        checkers.polynomial_multiplication,
        (Decoration("another order of terms", reversed_terms), Decoration("no spaces", without_spaces)),
        {"max_terms": length, "max_value": numbers, "max_degree": length},
        until="When performing",
    ),
    Task(
        GYM,
        "shortest_path",
        "graphs",
        checkers.shortest_path,
        (Decoration("space around it", spaced),),
        {"rows": length, "cols": length},
        after="in the following grid:",
    ),
    Task(
        GYM,
        "course_schedule",
        "graphs",
        checkers.course_schedule,
        dials={"num_courses": length, "num_prerequisites": length},
        after="if you want to take course a_i:",
        until="Return True",
    ),
    Task(
        GYM,
        "knights_knaves",
        "logic",
        checkers.knights_knaves,
        (Decoration("the format in the question", as_formatted), Decoration("people in another order", in_another_order)),
        {"n_people": length, "depth_constraint": statements, "width_constraint": statements},
        after="inhabitants: ",
        until=" (Format",
    ),
    Task(
        GYM,
        "propositional_logic",
        "logic",
        checkers.propositional_logic,
        (Decoration("no outer brackets", bare), Decoration("no spaces", without_spaces)),
        {"vars": length, "statements": length, "complexity": length},
        after="Given:",
        until=".What can",
    ),
    Task(
        GYM,
        "countdown",
        "games",
        checkers.countdown,
        (Decoration("no spaces", without_spaces), Decoration("brackets", bracketed)),
        {"numbers": numbers, "target": numbers, "value": numbers},
        until="Final answer format",
    ),
    Task(GYM, "letter_counting", "strings", checkers.letter_counting, dials={"words": length}),
)
