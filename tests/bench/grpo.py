"""Seconds of one iteration of GRPO: ours beside TRL's trainer, on equal problems, with completions of equal length and a coin's reward.

TRL's trainer takes a step, then we take one, and so on: its first step, with the start-up, does not count. Ours also reads and judges what
was written.
"""

import logging
import os
import statistics
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from lightning.fabric import Fabric
from torch import Tensor

from models import GPTConfig
from models.gpt import GPT
from models.layers import Past
from synthtasks.families import Program, Uses, named
from synthtasks.rng import rng
from synthtasks.surfaces import Compact
from synthtasks.vocab import Vocab
from tests.bench.peers import llama
from tests.bench.rows import Row, missing
from tests.bench.training import WIDTHS
from train.ledger import Ledger
from train.losses.practice import Practice
from train.optim import Optim
from train.policy import Fresh, torch_rng
from train.rl import GRPO, Coin, Endless, Sampler
from train.run import Run
from train.stages.store import Store
from train.step import Alone, take

PROBLEMS, GROUP, STEPS = 32, 16, 4
FAMILY = Program(steps=8, lines=20, uses=Uses(("mul",), 3))
SURFACE = Compact()


class Unending(GPT):
    """A model that never writes the end token: every completion has the longest length."""

    def forward(self, tokens: Tensor, past: Past | None = None) -> Tensor:  # [B, T] -> [B, T, V]
        logits = super().forward(tokens, past)
        return logits.index_fill(-1, torch.tensor([1]), -1e9)


def ours(vocab: Vocab, c: GPTConfig, folder: Path) -> Callable[[], int]:
    """A function that learns for one more iteration, and returns the length of the completions."""
    model, optim = Unending(c, torch_rng("bench")), Optim()
    practice = Practice(Endless(FAMILY), Coin(), GRPO, Sampler(GROUP, surface=SURFACE), PROBLEMS)
    fabric = Fabric(accelerator="cpu", devices=1)
    learning, optimizer = fabric.setup(model, optim.optimizer(model.named_parameters()))
    run = Run(learning, model, vocab, Store(folder), Fresh(c, vocab), Ledger())
    network, numbers = Alone(fabric, learning, model, optimizer, optim), count()

    def iterate() -> int:
        before, iteration = run.ledger.sampled, next(numbers)
        for update in practice.updates(run, iteration):
            take(network, optim.lr, [(1.0, practice)], [update], iteration)
        return (run.ledger.sampled - before) // (PROBLEMS * GROUP)

    return iterate


def heads(completions: Sequence[str], **columns: object) -> list[float]:
    """A coin's reward, for TRL."""
    return rng("coin", time.time_ns()).integers(2, size=len(completions)).astype(float).tolist()


def grpo_width(vocab: Vocab, width: int, folder: Path) -> tuple[list[float], list[float]]:
    """Seconds of each of our iterations, and of each of TRL's."""
    from datasets import Dataset
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit
    from transformers import PreTrainedTokenizerFast, PrinterCallback, TrainerCallback, TrainerControl, TrainerState, TrainingArguments
    from trl import GRPOConfig, GRPOTrainer

    c = GPTConfig(len(vocab), width)
    iterate = ours(vocab, c, folder / "store")
    limit = iterate()
    spent: tuple[list[float], list[float]] = [], []

    class Alternate(TrainerCallback):
        """Takes one of our steps after each of the trainer's."""

        began = 0.0

        def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **given: object) -> None:
            ended = time.process_time()
            assert iterate() == limit
            after = time.process_time()
            if state.global_step > 1:  # the first has the start-up in it
                spent[0].append(after - ended)
                spent[1].append(ended - self.began)
            self.began = after

    words = {**vocab.tokens, "<never>": len(vocab)}  # an end token that the model does not have
    split = Tokenizer(WordLevel(words, unk_token="<never>"))
    split.pre_tokenizer = WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=split, pad_token="<pad>", eos_token="<never>", padding_side="left")
    asked = named(FAMILY, "train", range(PROBLEMS * (STEPS + 1)), "bench")
    data = Dataset.from_list([{"prompt": " ".join(SURFACE.prompt(p))} for p in asked])
    with warnings.catch_warnings(action="ignore", category=FutureWarning):  # of transformers to trl
        config = GRPOConfig(
            output_dir=str(folder / "trl"),
            per_device_train_batch_size=PROBLEMS * GROUP,
            num_generations=GROUP,
            max_completion_length=limit,
            max_steps=STEPS + 1,
            beta=0.0,
            num_iterations=1,
            loss_type="dr_grpo",
            learning_rate=Optim().lr,
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            save_strategy="no",
            logging_strategy="no",
            report_to="none",
            disable_tqdm=True,
        )
        trainer = GRPOTrainer(llama(c), heads, config, data, processing_class=tokenizer, callbacks=[Alternate()])
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    return spent


def grpo() -> Iterator[Row]:
    """Rows for each width."""
    os.environ |= {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    logging.getLogger("transformers").setLevel(logging.ERROR)
    vocab = SURFACE.vocab(FAMILY.names, FAMILY.primitives, FAMILY.modulus)
    if not find_spec("trl"):
        yield missing("GRPO beside TRL")
        return
    for width in WIDTHS:
        with TemporaryDirectory() as folder:
            mine, theirs = (statistics.median(s) for s in grpo_width(vocab, width, Path(folder)))
        yield Row(f"an iteration of GRPO, {PROBLEMS} x {GROUP} completions, width {width}: ours", mine, "s")
        yield Row("  GRPOTrainer of TRL", theirs, "s", theirs / mine, "times ours")
