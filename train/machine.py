"""On what stages run."""

from dataclasses import dataclass
from typing import Literal

import torch


@dataclass(frozen=True)
class Machine:
    """On what stages run. No part of their identity; kept beside their results.

    Equal machines give equal bits: the number of threads and of rows a pass are fixed, whatever else runs.
    """

    accelerator: Literal["cpu", "cuda", "auto"] = "cpu"
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    threads: int = 1  # a stage
    memory_fraction: float = 1.0  # of a GPU's memory that a stage may take, where stages share one
    devices: int = 1  # of a stage that learns: so many processes learn as one, each on a GPU or on `threads` threads of its own
    rows: int = 64  # about so many different completions a pass in RL; more of them than memory holds, or caches like, are split

    @property
    def device(self) -> torch.device:
        """Where tensors live."""
        wants = self.accelerator if self.accelerator != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
        return torch.device(wants)
