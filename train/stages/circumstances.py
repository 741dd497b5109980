"""Under what circumstances a stage ran: what may differ between equal runs, and no part of a result. Names no host and no user."""

import os
import platform
import resource
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import torch

from train.stages.machine import Machine

PACKAGES = ("torch", "lightning", "numpy", "scipy")
SOURCE = Path(__file__).parent
MEBIBYTE = 2**20 if sys.platform == "darwin" else 2**10  # in what the system counts memory: bytes on macOS, KiB elsewhere


def circumstances(machine: Machine, seconds: float, cpu_seconds: float) -> dict[str, object]:
    """What differs between equal runs: kept apart from weights, rows and verdicts."""
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
    """Measure the peak of this process's memory from now on, where the system lets it (Linux); elsewhere it is that since its start."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")


def versions() -> dict[str, str]:
    """Of the packages on which results hang."""
    return {package: version(package) for package in PACKAGES}


@lru_cache(maxsize=1)
def host() -> dict[str, object]:
    """The class of machine: processor, cores, GPU and operating system."""
    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    return {"cpu": _cpu(Path("/proc/cpuinfo")), "cores": os.cpu_count(), "gpus": gpus, "os": f"{platform.system()} {platform.release()}"}


def _cpu(info: Path) -> str:
    """The processor's model, where the system tells."""
    lines = info.read_text(encoding="utf-8", errors="replace").splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


@lru_cache(maxsize=1)
def commit() -> dict[str, object] | None:
    """The commit of this code, and whether the tree differs from it; None where it lies in no git repository."""
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
