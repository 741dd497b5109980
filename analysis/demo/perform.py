"""The performance of a demo: act by act, before an audience, while its stages run behind the scenes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from analysis.demo.audience import Audience
from analysis.demo.behind import Behind
from analysis.demo.pages import Above, Words, chart, opening, question, result
from analysis.demo.tries import Tries, tries
from analysis.design.shown import Facts, Kept, Side
from analysis.design.study import Act, Demo, Setting
from analysis.live.growing import Growing
from analysis.measures.facts import Cell
from train.stages.stage import Stage, Undefined

Progress = Callable[[Sequence[Stage]], RenderableType]  # how far these stages are


def needed(act: Act, cells: Sequence[Cell]) -> tuple[Stage, ...]:
    """The stages of an act."""
    mine = (cell for cell in cells if act.labels.items() <= dict(cell.labels).items())
    return tuple(dict.fromkeys(cell[name] for cell in mine for name in act.stages if name in cell.by_name))


def words_of(setting: Setting) -> Words:
    """The fields of a setting's scale and options, as texts of a demo name them."""
    every = {**vars(setting.scale), **vars(setting.options)}
    return Words({name: " and ".join(map(str, value)) if isinstance(value, tuple) else f"{value}" for name, value in every.items()})


@dataclass
class Performance:
    """A demo, its results so far, and the guesses."""

    demo: Demo
    setting: Setting
    growing: Growing
    progress: Progress
    guesses: list[tuple[bool, bool]] = field(default_factory=list)  # of each act: was there a guess, and was it right?

    def facts(self) -> Facts:
        """The facts so far."""
        self.growing.read(lambda: False)
        return self.growing.facts()

    def tries(self, sides: Sequence[Side]) -> tuple[Tries, ...]:
        """The tries of these sides; none, where there were no problems for them."""
        try:
            return tries(sides, self.growing.cells, self.growing.shelf)
        except Undefined:
            return ()

    def perform(self, act: Act, title: str, behind: Behind, audience: Audience) -> bool:
        """Perform an act; False if its stages failed, or the engine stopped before they were done.

        Raises:
            ValueError: if a result cannot be read.
        """
        words, stages = words_of(self.setting), needed(act, self.growing.cells)
        written = act.written(self.setting) if act.written else None
        audience.show(title, opening(act, words, written, self.tries(act.opening)))
        guess = audience.guess(title, question(act, words), len(act.question.choices))
        if not behind.ready(stages):
            audience.wait(title, lambda: behind.over or behind.ready(stages) or behind.failed(stages), lambda: self.waiting(act, stages))
        if not behind.ready(stages):
            return False
        facts = self.facts()
        if self.growing.faults:
            raise ValueError("; ".join(self.growing.faults.values()))
        right = act.question.right(facts)
        self.guesses += [(guess is not None, guess in right)] if right else []
        audience.show(title, tuple(result(act, words, facts, guess, written, self.tries(act.sides))))
        return True

    def waiting(self, act: Act, stages: Sequence[Stage]) -> RenderableType:
        """How far the stages of an act are, over what they have learned so far."""
        facts = self.facts()
        growing = chart(act.growing, facts) if act.growing else None
        shown = Group(self.progress(stages), Text())
        return Above(shown, growing) if growing and any(line.points for line in growing.lines) else shown

    def close(self, kept: Mapping[str, Kept], saved: Sequence[Path]) -> Iterator[RenderableType]:
        """The picture, and the three sentences."""
        facts = self.facts()
        yield chart(self.demo.picture, facts)
        text = Text("\n\n").join([Text(sentence) for sentence in self.demo.ending(facts, kept)])
        if guessed := [right for there, right in self.guesses if there]:
            text.append(f"\n\nYou guessed {sum(guessed)} of {len(guessed)}.", "bold")
        yield text.append(f"\n\nThe picture: {' and '.join(file.name for file in saved)} in {saved[0].parent}", "dim")
