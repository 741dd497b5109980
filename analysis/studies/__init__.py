"""Every study, by name: a module of this folder that holds a `STUDY`. One more name adds one."""

from collections.abc import Iterator, Mapping
from importlib import import_module

from analysis.design.study import Study

NAMES = ("grid", "where", "gaps", "extrapolation", "midtraining", "adaptive", "rewards", "composition")


class _Studies(Mapping[str, Study]):
    """Imports a study where it is asked for, and no other."""

    def __getitem__(self, name: str) -> Study:
        if name not in NAMES:
            raise KeyError(name)
        study: Study = import_module(f"analysis.studies.{name}").STUDY
        return study

    def __iter__(self) -> Iterator[str]:
        return iter(NAMES)

    def __len__(self) -> int:
        return len(NAMES)


STUDIES = _Studies()
