"""Registration: the claims of a study and its rules are written into its folder before its first stage runs, and kept.

A margin that is changed after the run does not change the registration: report and terminal show both beside each other.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path

from analysis.design.study import Study
from analysis.measures.facts import Cell
from train.stages.circumstances import commit
from train.stages.disk import write_json
from train.stages.reading import a_count, a_text, an_object, read_object, reading

FILE = "registration.json"
SCHEMA = 1
CLAIMS = "claims: "  # begins the path of a difference in them


@dataclass(frozen=True)
class Difference:
    """A difference between the registered plan and the present one."""

    what: str
    registered: str
    now: str
    decides: bool = True  # False for a claim without a test that was added: it changes no verdict


@dataclass(frozen=True)
class Registration:
    """The plan of a study as it was written down."""

    plan: Mapping[str, object]  # JSON: question, looks, claims, the rules of its edges
    hash: str  # of the plan
    at: str  # UTC
    commit: object  # of the code; None outside a repository
    there: int  # stages of the study that were there already

    @property
    def line(self) -> str:
        """The registration in one line."""
        known = self.commit if isinstance(self.commit, dict) else {}
        changed = ", with changes" if known.get("dirty") else ""
        code = f"code {str(known['hash'])[:12]}{changed}" if "hash" in known else "code in no repository"
        before = "before its first stage ran" if not self.there else f"when {self.there} of its stages were there already"
        return f"registered {self.at} ({self.hash}, {code}), {before}"


def plan_of(study: Study, cells: Sequence[Cell]) -> dict[str, object]:
    """The plan of a study as JSON: all by which its findings are decided."""
    rules = [{"rule": s.rule, "width": getattr(s, "width", None)} for cell in cells for s in cell.stages if hasattr(s, "rule")]
    bounds = {type(m).__name__: described(m.thresholds) for m in study.measures if hasattr(m, "thresholds")}
    edges = {json.dumps(described(rule), sort_keys=True): described(rule) for rule in rules}
    return {
        "study": study.name,
        "question": study.question,
        "looks": described(study.looks),
        "edges": list(edges.values()),
        **({"thresholds": bounds} if bounds else {}),  # of measures that have some
        "claims": {claim.name: {f.name: described(getattr(claim, f.name)) for f in fields(claim)} for claim in study.claims},
    }


def described(value: object) -> object:
    """A value as JSON, by the names of its class and fields."""
    if is_dataclass(value) and not isinstance(value, type):
        return {"is": type(value).__name__, **{f.name: described(getattr(value, f.name)) for f in fields(value)}}
    if isinstance(value, Mapping):
        return {str(key): described(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [described(each) for each in value]
    if isinstance(value, float):
        return value if abs(value) < float("inf") else str(value)  # JSON has no infinity
    if value is None or isinstance(value, str | int):
        return value
    return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', repr(value))}"


def register(folder: Path, study: Study, cells: Sequence[Cell], there: int) -> Registration:
    """The registration in `folder`; where there is none, the study is registered now, when `there` of its stages have run."""
    if not os.path.lexists(folder / FILE):
        plan, now = plan_of(study, cells), datetime.now(UTC).isoformat(timespec="seconds")
        folder.mkdir(parents=True, exist_ok=True)
        record = {"schema": SCHEMA, "plan": plan, "hash": _hash(plan), "at": now, "commit": commit(), "there": there}
        write_json(folder / FILE, record)
    return read_registration(folder)


def read_registration(folder: Path) -> Registration:
    """The registration in a study's folder.

    Raises:
        Malformed: if it cannot be read, or its plan is not what was hashed.
    """
    with reading(file := folder / FILE, "It is the only record of what was claimed before the run: take it from a copy of the folder"):
        found = read_object(file)
        if found["schema"] != SCHEMA:
            raise ValueError(f"it has schema {found['schema']}; this version reads {SCHEMA}")
        plan, hashed = an_object(found["plan"]), a_text(found["hash"])
        if _hash(plan) != hashed:
            raise ValueError(f"its plan was changed after it was written: it has hash {_hash(plan)}, and was registered as {hashed}")
        return Registration(plan, hashed, a_text(found["at"]), found["commit"], a_count(found["there"]))


def _hash(plan: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()[:12]


def differences(registration: Registration, study: Study, cells: Sequence[Cell]) -> tuple[Difference, ...]:
    """The differences between the registered plan and the present one."""
    return tuple(_differences("", dict(registration.plan), plan_of(study, cells)))


def _differences(path: str, old: object, new: object) -> Iterator[Difference]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*old, *new)):
            yield from _differences(f"{path}{': ' if path else ''}{key}", old.get(key), new.get(key))
    elif old != new:
        reported = old is None and isinstance(new, Mapping) and path.startswith(CLAIMS) and new.get("test", "") is None
        yield Difference(path, _shown(old), _shown(new), not reported)


def _shown(value: object) -> str:
    return "none" if value is None else value if isinstance(value, str) else json.dumps(value, sort_keys=True)
