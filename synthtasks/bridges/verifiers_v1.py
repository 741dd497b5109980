"""Items as a taskset for the v1 interface of verifiers (`pip install synthtasks[verifiers]`).

    taskset = SynthTaskset(SynthConfig(recipe=json.dumps(to_json(items))))

The command line of verifiers finds a taskset by the name of a module. Write one of two lines:

    from synthtasks.bridges.verifiers_v1 import SynthTaskset
    __all__ = ["SynthTaskset"]
"""

from collections.abc import Iterator

import verifiers.v1 as vf
from verifiers.v1.task import task_key

from synthtasks.datasets.received import text_of
from synthtasks.datasets.recipe import items_from_text
from synthtasks.problem import Problem

__all__ = ["SynthTaskset"]  # verifiers expects one taskset


class SynthData(vf.TaskData):
    """The data of an item, with the recipe that draws its problem again."""

    recipe: str
    index: int
    key: str
    answer: str
    ending: str


class SynthTask(vf.Task[SynthData]):
    """An item with two rewards: the outcome, and the process, which has weight 0 unless the config changes it."""

    @property
    def key(self) -> str:
        """A hash of recipe and index; it does not depend on the selection of tasks."""
        return str(task_key({"recipe": self.data.recipe, "index": self.data.index}))

    @vf.reward
    async def outcome(self, trace: vf.Trace) -> float:
        """1.0 if the answer is right, else 0.0; see `Items.outcome`."""
        return items_from_text(self.data.recipe).outcome(text_of(trace.last_reply) + self.data.ending, self._problem)

    @vf.reward(weight=0.0)
    async def process(self, trace: vf.Trace) -> float:
        """1.0 if the reply is a right derivation of the right answer, else 0.0; see `Items.process`."""
        return items_from_text(self.data.recipe).process(text_of(trace.last_reply) + self.data.ending, self._problem)

    @property
    def _problem(self) -> Problem:
        return items_from_text(self.data.recipe).asked(self.data.index, self.data.key)


class SynthConfig(vf.TasksetConfig):
    """The recipe of the items, and the ending appended to each reply: " <end>" if `<end>` is a special token."""

    recipe: str
    ending: str = ""


class SynthTaskset(vf.Taskset[SynthTask, SynthConfig]):
    """The items of a recipe, in their order."""

    def load(self) -> Iterator[SynthTask]:
        """One task for each item."""
        for index, item in enumerate(items_from_text(self.config.recipe)):
            data = SynthData(
                prompt=item["question"],
                recipe=self.config.recipe,
                index=index,
                key=item["metadata"]["key"],
                answer=item["answer"],
                ending=self.config.ending,
            )
            yield SynthTask(data, self.config.task)
