"""The machine that stages run on."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from synthtasks.checked import Above, Checked, From

if TYPE_CHECKING:  # slow to import, and not needed to list studies
    import torch


@dataclass(frozen=True)
class Machine(Checked):
    """The machine that stages run on. It is no part of their identity; it is recorded beside their results.

    Equal machines give equal bits on a CPU: the number of threads and of rows a pass are fixed, whatever else runs. Where stages run as
    one, their numbers also depend, in the last digits, on those that they run with.

    Raises:
        ValueError: if a field has a wrong value, or stages are to run as one in bf16-mixed, of which their passes know nothing.
    """

    accelerator: Literal["cpu", "cuda", "auto"] = "cpu"
    precision: Literal["32-true", "tf32", "bf16-mixed"] = "32-true"  # tf32: products of matrices on a GPU have 10 bits of mantissa
    threads: Annotated[int, From(1, 4_096)] = 1  # a stage
    memory_fraction: Annotated[float, Above(0, 1)] = 1.0  # of a GPU's memory that a stage may take, where stages share one
    stack: Annotated[int, From(1, 4_096)] = 1  # at most so many stages of one shape run as one
    rows: Annotated[int, From(1, 1 << 24)] = 64  # about so many different completions a pass in RL; more are split

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stack > 1 and self.precision == "bf16-mixed":
            raise ValueError(
                f"stages that run as one compute in 32-true or tf32; found {self}: leave stack at 1, or take another precision"
            )

    @property
    def device(self) -> "torch.device":
        """Where tensors live."""
        import torch

        wants = self.accelerator if self.accelerator != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
        return torch.device(wants)
