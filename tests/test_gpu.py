"""The frame of `make gpu`: what it makes of checks that pass, fail, wait, or cannot run here."""

import json
import time
from pathlib import Path

import pytest
import torch

from tests.gpu.frame import Check, Figures, Outcome, OutOfTimeError, Place, outcomes, until, write

CPU = torch.device("cpu")


def two(place: Place) -> Figures:
    """Measures 2."""
    return {"two": 2.0}


def double(place: Place) -> Figures:
    """Doubles the figure of an earlier check."""
    return {"four": 2 * float(place.found["two"]["two"])}


def wrong(place: Place) -> Figures:
    """Fails."""
    raise ValueError("five is not four")


def waits(place: Place) -> Figures:
    """Takes a minute."""
    time.sleep(60)
    return {}


def run(*checks: Check, limit: float = 60.0) -> list[Outcome]:
    """The outcomes on a CPU."""
    return list(outcomes(checks, CPU, limit))


# A check that fails would stop the others, pass for a success, or hide its traceback.
def test_a_failing_check_stops_no_other(tmp_path: Path) -> None:
    every = run(Check("two", two), Check("wrong", wrong), Check("elsewhere", wrong, "cuda"), Check("double", double))
    assert [outcome.status for outcome in every] == ["passed", "failed", "skipped", "passed"]
    assert "five is not four" in every[1].reason
    assert "cuda" in every[2].reason
    assert every[3].figures == {"four": 4.0}
    write(tmp_path / "new" / "gpu.json", CPU, every)
    record = json.loads((tmp_path / "new" / "gpu.json").read_text(encoding="utf-8"))
    assert [check["status"] for check in record["checks"]] == ["passed", "failed", "skipped", "passed"]


# A check that hangs would take the time of all others, and those that never ran would look as if they had passed.
def test_the_limit_ends_a_check_and_fails_the_rest() -> None:
    began = time.monotonic()
    every = run(Check("waits", waits), Check("two", two), limit=0.2)
    assert time.monotonic() - began < 30
    assert [outcome.status for outcome in every] == ["failed", "failed"]
    assert all("--seconds" in outcome.reason for outcome in every)


# A check with a limit of its own would run on after the limit of all checks, or would end with the limit of a part.
def test_a_limit_inside_a_limit() -> None:
    def patient(place: Place) -> Figures:
        with pytest.raises(OutOfTimeError), until(time.monotonic() + 0.05):
            time.sleep(5)
        time.sleep(0.2)  # longer than the inner limit, which is over
        with until(time.monotonic() + 60):
            time.sleep(5)
        return {}

    began = time.monotonic()
    (outcome,) = run(Check("patient", patient), limit=1.0)
    assert 0.5 < time.monotonic() - began < 4
    assert outcome.status == "failed"
    assert "--seconds" in outcome.reason
