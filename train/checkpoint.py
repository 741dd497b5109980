"""What lies in the folder of a run that is under way: its metrics, and a checkpoint to go on from after a kill."""

import hashlib
import io
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Protocol

import torch
from lightning.fabric import Fabric

from train.artifacts import Damaged, digest, hash_of
from train.disk import appending, new_file
from train.ledger import Ledger
from train.store import Store, write_json

Metrics = dict[str, float]


class Stateful(Protocol):
    """A model or an optimiser."""

    def state_dict(self) -> dict[str, object]: ...


class Progress:
    """The metrics and the checkpoint of a run under way, which agree with each other at every moment.

    Beside them lies `checkpoint.json`: the checksum of the checkpoint, and that of the metrics as they were then; while one
    checkpoint takes the place of another, of both.
    """

    def __init__(self, out: Path, fabric: Fabric, state: Mapping[str, Stateful], ledger: Ledger):
        self.checkpoint, self.fabric, self.state, self.ledger = out / "checkpoint.pt", fabric, state, ledger
        self.log = appending(out / "metrics.jsonl")  # kept open over the whole run; closed by `close`
        self.sums: dict[str, str] = {}  # of the checkpoint, to that of the metrics before it
        self.logged = hashlib.sha256()
        self.saved = time.monotonic()

    def resume(self) -> int:
        """Load the checkpoint, if there is one; the iteration to go on with. Metrics from after it are dropped.

        Raises:
            Damaged: if the checkpoint or the metrics before it are not what was written.
        """
        iteration = written = 0
        if self.checkpoint.exists():
            found, known = digest(self.checkpoint), self._known()
            if found not in known:
                raise Damaged(f"{self.checkpoint} is not what was written")
            rest = self.fabric.load(self.checkpoint, dict(self.state), weights_only=True)
            iteration, written = rest["iteration"], rest["written"]
            for field in fields(Ledger):
                setattr(self.ledger, field.name, rest["ledger"][field.name])
            self.logged, self.sums = hash_of(Path(self.log.name), written), {found: known[found]}
            if self.logged.hexdigest() != known[found]:
                raise Damaged(f"{self.log.name} is not what was written before {self.checkpoint.name}")
        self.log.truncate(written)
        return iteration

    def record(self, iteration: int, metrics: Metrics) -> None:
        line = json.dumps({"iteration": iteration} | metrics)
        self.logged.update(f"{line}\n".encode())
        print(line, file=self.log, flush=True)

    def save(self, iteration: int, every: float, store: Store) -> None:
        """Write a checkpoint, if the last one is `every` seconds old.

        Raises:
            Lost: if somebody has taken this run over.
        """
        if time.monotonic() - self.saved < every:
            return
        draft = self.checkpoint.with_suffix(".tmp")
        facts = {"iteration": iteration, "written": self.log.tell(), "ledger": asdict(self.ledger)}
        memory = io.BytesIO()  # torch hides what the system says of a file
        torch.save({name: part.state_dict() for name, part in self.state.items()} | facts, memory)
        with new_file(draft) as file:
            file.write(memory.getbuffer())
        latest = {digest(draft): self.logged.hexdigest()}
        store.confirm(self.checkpoint.parent)
        write_json(self.checkpoint.with_suffix(".json"), self.sums | latest)
        draft.replace(self.checkpoint)
        self.sums, self.saved = latest, time.monotonic()

    def _known(self) -> dict[str, str]:
        """Checksums of the checkpoints that may lie there, each with that of the metrics before it."""
        file = self.checkpoint.with_suffix(".json")
        try:
            return {str(k): str(v) for k, v in json.loads(file.read_bytes()).items()}
        except (OSError, ValueError, AttributeError) as reason:
            raise Damaged(f"{file}, which tells whether the checkpoint is whole, cannot be read ({reason})") from None

    def close(self) -> None:
        self.log.close()

    def finish(self) -> None:
        """The results are whole: no checkpoint is needed any more, nor one that a kill cut off.

        Raises:
            Damaged: if the metrics are not all that was recorded.
        """
        log = Path(self.log.name)
        if not log.is_file() or digest(log) != self.logged.hexdigest():
            raise Damaged(f"{log} is not what was written: it was changed while the stage ran")
        for suffix in (".pt", ".tmp", ".json", ".json.tmp"):
            self.checkpoint.with_suffix(suffix).unlink(missing_ok=True)
