"""The device, and the matrix products that it can do: the reference for shares of its peak."""

import torch

from tests.gpu.frame import Figures, Place

SIDE = {"cuda": 8_192, "cpu": 1_024}
FORMATS = {"float32": (torch.float32, "highest"), "TF32": (torch.float32, "high"), "bf16": (torch.bfloat16, "high")}


def facts(place: Place) -> Figures:
    """The device."""
    if place.device.type == "cpu":
        return {"name": "a CPU", "threads": torch.get_num_threads()}
    p = torch.cuda.get_device_properties(place.device)
    return {
        "name": p.name,
        "GiB": p.total_memory / 2**30,
        "multiprocessors": p.multi_processor_count,
        "capability": f"{p.major}.{p.minor}",
        "torch": torch.__version__,
    }


def matmul(place: Place) -> Figures:
    """TFLOP/s of a product of square matrices, in the formats of the device."""
    n, usual = SIDE[place.device.type], torch.get_float32_matmul_precision()
    figures: Figures = {"side": float(n)}
    for name in FORMATS if place.device.type == "cuda" else ("float32",):
        dtype, precision = FORMATS[name]
        torch.set_float32_matmul_precision(precision)
        a, b = (torch.randn(n, n, device=place.device, dtype=dtype) for _ in range(2))
        figures[f"TFLOP/s in {name}"] = 2 * n**3 / place.seconds(lambda a=a, b=b: a @ b) / 1e12  # type: ignore[misc]
    torch.set_float32_matmul_precision(usual)
    return figures


def share(place: Place, flops: float) -> Figures:
    """`flops` a second, and its share of the peak that `matmul` found for single precision."""
    found = place.found.get("matmul", {})
    peak = found.get("TFLOP/s in TF32", found.get("TFLOP/s in float32"))
    figures: Figures = {"TFLOP/s": flops / 1e12}
    return figures | ({"share of the peak of matmul": flops / 1e12 / peak} if isinstance(peak, float) else {})
