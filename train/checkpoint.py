"""Metrics and checkpoint of a run in progress, so that it can resume after a kill."""

import hashlib
import io
import json
import time
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.optim import Optimizer

from train.ledger import Ledger
from train.run import Metrics
from train.stages.disk import appending, new_file, write_json
from train.stages.reading import a_count, a_text, read_object, reading
from train.stages.seal import Damaged, digest, hash_of
from train.stages.stage import Context

if TYPE_CHECKING:
    from lightning.fabric import Fabric


class Progress:
    """The metrics and the checkpoint of a run in progress. They agree with each other at every moment.

    `checkpoint.json` holds the checksum of the checkpoint, and that of the metrics up to it. While a checkpoint is being replaced, it holds
    those of the old and of the new one.
    """

    def __init__(self, out: Path, fabric: "Fabric", model: nn.Module, optimizer: Optimizer, ledger: Ledger, **more: nn.Module):
        self.checkpoint, self.fabric, self.optimizer, self.ledger = out / "checkpoint.pt", fabric, optimizer, ledger
        self.state: dict[str, nn.Module | Optimizer] = {"model": model, "optimizer": optimizer, **more}
        self.log = appending(out / "metrics.jsonl")  # stays open during the run; whoever made this object closes it
        self.sums: dict[str, str] = {}  # checksum of the checkpoint -> checksum of the metrics before it
        self.kept: dict[str, str] = {}  # finished files -> their checksums
        self.logged = hashlib.sha256()
        self.saved = time.monotonic()

    def resume(self, iterations: int) -> int:
        """Load the checkpoint, if there is one, and return the next of `iterations`. Metrics written after the checkpoint are dropped.

        Raises:
            Damaged: if the checkpoint, or the metrics or kept files before it, are not what was written.
        """
        iteration = written = 0
        if self.checkpoint.exists():
            with reading(sums := self.checkpoint.with_suffix(".json"), error=Damaged):
                known = {found: a_text(logged) for found, logged in read_object(sums).items()}  # checkpoint -> metrics before it
            with reading(self.checkpoint, error=Damaged):
                found = digest(self.checkpoint)
                if found not in known:
                    raise Damaged(f"{self.checkpoint} is not what was written")
                usual = _settings(self.optimizer)
                rest = self.fabric.load(self.checkpoint, self.state, weights_only=True)
                _check(self.optimizer, usual)
                iteration, written = a_count(rest["iteration"], iterations), a_count(rest["written"])
                for field in fields(Ledger):
                    setattr(self.ledger, field.name, a_count(rest["ledger"][field.name]))
                self.kept = rest["kept"]
            self._check_kept()
            self.logged, self.sums = hash_of(Path(self.log.name), written), {found: known[found]}
            if Path(self.log.name).stat().st_size < written or self.logged.hexdigest() != known[found]:
                raise Damaged(f"{self.log.name} is not what was written before {self.checkpoint.name}")
        self.log.truncate(written)
        return iteration

    def record(self, iteration: int, metrics: Metrics) -> None:
        line = json.dumps({"iteration": iteration} | metrics)
        self.logged.update(f"{line}\n".encode())
        print(line, file=self.log, flush=True)

    def keep(self, file: Path) -> None:
        """Record the checksum of a file that was just written to the draft. Later checkpoints and `finish` rely on it."""
        self.kept[file.name] = digest(file)

    def _check_kept(self) -> None:
        for file in map(self.checkpoint.with_name, self.kept):
            if not file.is_file() or digest(file) != self.kept[file.name]:
                raise Damaged(f"{file} is not what was written")

    def save(self, iteration: int, every: float, context: Context) -> None:
        """Write a checkpoint, if the last one is `every` seconds old.

        Raises:
            Lost: if another process has taken this run over.
        """
        if time.monotonic() - self.saved < every:
            return
        draft = self.checkpoint.with_suffix(".tmp")
        facts = {"iteration": iteration, "written": self.log.tell(), "ledger": asdict(self.ledger), "kept": self.kept}
        memory = io.BytesIO()  # torch.save to a file would hide the system's error
        torch.save({name: _apart(holder.state_dict()) for name, holder in self.state.items()} | facts, memory)
        with new_file(draft) as file:
            file.write(memory.getbuffer())
        latest = {digest(draft): self.logged.hexdigest()}
        context.confirm(self.checkpoint.parent)
        write_json(self.checkpoint.with_suffix(".json"), self.sums | latest)
        draft.replace(self.checkpoint)
        self.sums, self.saved = latest, time.monotonic()

    def finish(self) -> None:
        """Remove the checkpoint, and what a kill may have left of one, once the results are complete.

        Raises:
            Damaged: if the metrics, or a file that was to be kept, are not what was written.
        """
        log = Path(self.log.name)
        if not log.is_file() or digest(log) != self.logged.hexdigest():
            raise Damaged(f"{log} is not what was written: it was changed while the stage ran")
        self._check_kept()
        for suffix in (".pt", ".tmp", ".json", ".json.tmp"):
            self.checkpoint.with_suffix(suffix).unlink(missing_ok=True)


def _apart(value: object) -> object:
    """The value with copies of its tensors: of one that is a part of a stack's, torch.save would write the whole stack's."""
    if isinstance(value, dict):
        return {key: _apart(x) for key, x in value.items()}
    return value.clone() if isinstance(value, torch.Tensor) else value


def _settings(optimizer: Optimizer) -> list[dict[str, object]]:
    """The options of each parameter group, without the learning rate, which is set in every iteration."""
    return [{k: v for k, v in group.items() if k not in ("params", "lr")} for group in optimizer.param_groups]


def _check(optimizer: Optimizer, settings: list[dict[str, object]]) -> None:
    """Check that the loaded state belongs to these parameters, since optimisers do not check it.

    Raises:
        ValueError: if it does not, or a weight or a moment is not finite.
    """
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    if _settings(optimizer) != settings or not set(optimizer.state) <= set(parameters):
        raise ValueError("it is of another optimiser, or of other weights")
    of_muon = {p for group in optimizer.param_groups if "momentum" in group for p in group["params"]}
    for p in parameters:
        moments, shape = optimizer.state.get(p, {}), tuple(p.shape)
        found = {name: tuple(moment.shape) for name, moment in moments.items()}
        if moments and found != ({"momentum_buffer": shape} if p in of_muon else {"step": (), "exp_avg": shape, "exp_avg_sq": shape}):
            raise ValueError(f"it has moments {found} of weights of shape {shape}")
        if not all(torch.isfinite(x).all() for x in (p, *moments.values())):
            raise ValueError("it holds numbers that are not finite")
