"""Every study, by name: a module of this folder or of a room in it that holds a `STUDY`. One more name adds one."""

from collections.abc import Iterator, Mapping
from importlib import import_module

from analysis.design.study import Study

ROOMS = {
    "analysis.studies": ("grid",),
    "analysis.studies.interplay": (
        "where",
        "gaps",
        "extrapolation",
        "exposure",
        "contexts",
        "amount",
        "midtraining",
        "rewards",
        "composition",
        "adaptive",
    ),
    "analysis.studies.limits": ("narrowing", "sparsity", "spurious", "phases", "algorithms"),
    "analysis.studies.elicit": ("elicitation", "deciding", "meta", "confidence", "knowledge", "thought"),
}
MODULES = {name: f"{room}.{name}" for room, names in ROOMS.items() for name in names}
NAMES = tuple(MODULES)


class _Studies(Mapping[str, Study]):
    """Imports a study where it is asked for, and no other."""

    def __getitem__(self, name: str) -> Study:
        study: Study = import_module(MODULES[name]).STUDY
        return study

    def __iter__(self) -> Iterator[str]:
        return iter(MODULES)

    def __len__(self) -> int:
        return len(MODULES)


STUDIES = _Studies()
