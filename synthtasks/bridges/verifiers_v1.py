"""Items as a taskset for the v1 interface of verifiers (`pip install synthtasks[verifiers]`).

    taskset = SynthTaskset(SynthConfig(recipe=json.dumps(to_json(items))))

The command line of verifiers finds a taskset by the name of a package; `synthtasks.bridges.verifiers_package` writes one.
"""

from collections.abc import Iterator

import verifiers.v1 as vf
from verifiers.v1.task import task_key

from synthtasks.datasets.items import Items
from synthtasks.datasets.own import load
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
    own: str = ""


class SynthTask(vf.Task[SynthData]):
    """An item with two rewards: the outcome, and the process, which has weight 0 unless the config changes it."""

    @property
    def key(self) -> str:
        """A hash of recipe and index; it does not depend on the selection of tasks."""
        return str(task_key({"recipe": self.data.recipe, "index": self.data.index}))

    @vf.reward
    async def outcome(self, trace: vf.Trace) -> float:
        """1.0 if the answer is right, else 0.0; see `Items.outcome`."""
        return self._items.outcome(text_of(trace.last_reply) + self.data.ending, self._problem)

    @vf.reward(weight=0.0)
    async def process(self, trace: vf.Trace) -> float:
        """1.0 if the reply is a right derivation of the right answer, else 0.0; see `Items.process`."""
        return self._items.process(text_of(trace.last_reply) + self.data.ending, self._problem)

    @property
    def _items(self) -> Items:
        load(self.data.own)  # a task travels to workers
        return items_from_text(self.data.recipe)

    @property
    def _problem(self) -> Problem:
        return self._items.asked(self.data.index, self.data.key)


class SynthConfig(vf.TasksetConfig):
    """The recipe of the items; the ending appended to each reply, " <end>" if `<end>` is a special token; and the modules of what
    the recipe holds of your own, separated by spaces."""

    recipe: str
    ending: str = ""
    own: str = ""


def tasks(config: SynthConfig) -> Iterator[SynthTask]:
    """One task for each item of a recipe, in their order."""
    load(config.own)
    for index, item in enumerate(items_from_text(config.recipe)):
        data = SynthData(
            prompt=item["question"],
            recipe=config.recipe,
            index=index,
            key=item["metadata"]["key"],
            answer=item["answer"],
            ending=config.ending,
            own=config.own,
        )
        yield SynthTask(data, config.task)


class SynthTaskset(vf.Taskset[SynthTask, SynthConfig]):
    """The items of a recipe, in their order."""

    def load(self) -> Iterator[SynthTask]:
        """One task for each item."""
        return tasks(self.config)
