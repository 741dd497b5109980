"""CUDA graphs: the kernels of a function are captured once for each shape of its inputs, and then started together."""

from collections.abc import Callable, Sequence
from functools import cached_property

import torch
from torch import Tensor

WARM = 2  # calls before the capture, in which libraries choose their kernels
Shapes = tuple[tuple[torch.Size, torch.dtype], ...]


class Replay:
    """A function of tensors that may also change tensors of its own, its `state`. On a CPU it is simply called.

    On a GPU, what it returns is overwritten by its next call: graphs of all shapes share their memory. It must not wait for the GPU (no
    `.item()`).
    """

    def __init__(self, function: Callable[..., tuple[Tensor, ...]], state: Sequence[Tensor] = ()):
        self.function, self.state = function, state
        self.captured: dict[Shapes, tuple[torch.cuda.CUDAGraph, tuple[Tensor, ...], tuple[Tensor, ...]]] = {}

    @cached_property
    def _stream(self) -> torch.cuda.Stream:
        """The stream of all captures. Graphs share a stream and memory only with those that live as long: when one goes, torch frees the
        workspace of cuBLAS for its stream (pytorch issue 193402), and it refuses a pool whose graphs are all gone."""
        return torch.cuda.Stream()  # type: ignore[no-untyped-call]

    def __call__(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        if not any(x.is_cuda for x in (*inputs, *self.state)):
            return self.function(*inputs)
        shapes = tuple((x.shape, x.dtype) for x in inputs)
        if shapes not in self.captured:
            self.captured[shapes] = self._capture(inputs)
        graph, places, outputs = self.captured[shapes]
        for place, x in zip(places, inputs, strict=True):
            place.copy_(x, non_blocking=True)
        graph.replay()
        return outputs

    def _capture(self, inputs: tuple[Tensor, ...]) -> tuple[torch.cuda.CUDAGraph, tuple[Tensor, ...], tuple[Tensor, ...]]:
        places = tuple(x.clone() for x in inputs)
        before = [x.clone() for x in self.state]
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            for _ in range(WARM):
                self.function(*places)
        torch.cuda.current_stream().wait_stream(self._stream)
        graph, pool = torch.cuda.CUDAGraph(), next((graph.pool() for graph, _, _ in self.captured.values()), None)
        with torch.cuda.graph(graph, pool, self._stream):
            outputs = self.function(*places)
        for x, was in zip(self.state, before, strict=True):
            x.copy_(was)
        return graph, places, outputs
