"""The circumstances in which a stage ran: `run.json`. It may differ between equal runs, and names no host and no user."""

import os
import platform
import resource
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from train.stages.machine import Machine
from train.stages.reading import a_count, a_number, a_text, an_object, read_object, reading

PACKAGES = ("torch", "lightning", "numpy", "scipy")
SOURCE = Path(__file__).parent
LONGEST = 1e12  # seconds: sums of these are finite
MEBIBYTE = 2**20 if sys.platform == "darwin" else 2**10  # in what the system counts memory: bytes on macOS, KiB elsewhere


def circumstances(machine: Machine, seconds: float, cpu_seconds: float) -> dict[str, object]:
    """Facts that differ between equal runs, for `run.json`. `read_made` reads them back."""
    import torch  # slow to import, and needed only where a stage ran

    return {
        "seconds": round(seconds, 3),
        "cpu_seconds": round(cpu_seconds, 3),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // MEBIBYTE,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": asdict(machine),
        "device": torch.cuda.get_device_name() if machine.device.type == "cuda" else platform.processor() or platform.machine(),
        "host": host(),
        "python": platform.python_version(),
        "versions": versions(),
        "commit": commit(),
    }


def measure_memory() -> None:
    """Reset the peak memory of this process, which only Linux can; elsewhere the peak is counted from its start."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """The versions of the packages that results depend on."""
    return {package: version(package) for package in PACKAGES}


@lru_cache(maxsize=1)
def host() -> dict[str, object]:
    """The class of machine: processor, cores, GPU and operating system."""
    import torch

    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    return {"cpu": _cpu(Path("/proc/cpuinfo")), "cores": os.cpu_count(), "gpus": gpus, "os": f"{platform.system()} {platform.release()}"}


def _cpu(info: Path) -> str:
    """The model of the processor, if the system tells it."""
    lines = info.read_text(encoding="utf-8", errors="replace").splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


@lru_cache(maxsize=1)
def commit() -> dict[str, object] | None:
    """The commit of this code, and whether the working tree differs from it; None outside a git repository."""
    if _git("ls-files", "--error-unmatch", Path(__file__).name) is None:
        return None  # the code is not what the repository around it holds
    head, status = _git("rev-parse", "HEAD"), _git("status", "--porcelain")
    return None if head is None else {"hash": head, "dirty": bool(status)}


def _git(*arguments: str) -> str | None:
    command = ["git", "--no-optional-locks", "-C", str(SOURCE), *arguments]
    try:
        return subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=True, timeout=60).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


@dataclass(frozen=True)
class Made:
    """The circumstances of a stage, read back. Those that older versions did not record are empty."""

    seconds: float
    cpu_seconds: float
    peak_memory_mb: int
    finished: str
    device: str
    python: str
    machine: Machine
    versions: Mapping[str, str]
    commit: Mapping[str, object] | None


def read_made(folder: Path) -> Made:
    """The circumstances of the stage in `folder`.

    Raises:
        Malformed: if they cannot be read.
    """
    with reading(file := folder / "run.json"):
        record = read_object(file)
        finished, device, python = (a_text(record.get(what, "")) for what in ("finished", "device", "python"))
        machine = an_object(record.get("machine", {}))
        return Made(
            a_number(record["seconds"], 0, LONGEST),
            a_number(record.get("cpu_seconds", 0), 0, LONGEST),
            a_count(record["peak_memory_mb"]),
            finished,
            device,
            python,
            Machine(**{f.name: machine[f.name] for f in fields(Machine) if f.name in machine}),  # type: ignore[arg-type]  # it checks them
            {package: a_text(version) for package, version in an_object(record.get("versions", {})).items()},
            None if record.get("commit") is None else an_object(record["commit"]),
        )
