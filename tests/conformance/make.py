"""Makes the fixtures: `python -m tests.conformance.make trl FOLDER`, or `verl FOLDER WHERE` with the folder of verl's unpacked wheel.

It runs their own code, in double precision, on the rollouts of `INPUTS`, and writes losses and gradients with the version. It needs the
library and nothing of this project, so that it can run where only they are installed. Of verl, whose package imports a whole cluster, only
the file of the losses and its helpers are executed; what they import besides is replaced by placeholders.
"""

import importlib.metadata
import importlib.util
import json
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import ClassVar
from unittest.mock import MagicMock

import numpy as np
import torch
from torch import Tensor

GROUP, LIMIT = 4, 8
LENGTHS = (5, 3, 4, 2, 5, 5, 2, 4)  # of B = 8 completions, 30 tokens
REWARD = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0)


def inputs() -> dict[str, list[list[float]]]:
    """Log-probabilities [B, T] of the sampling policy (`old`), of one that moved far (`far`) and one that hardly moved (`near`), of the
    reference, and entropies; off the mask, they are rubbish."""
    g = torch.Generator().manual_seed(20)
    noise = torch.randn(5, len(LENGTHS), max(LENGTHS), generator=g, dtype=torch.double)
    old = -noise[0].abs() - 0.1
    found = {
        "old": old,
        "far": old + 0.4 * noise[1],
        "near": old + 1e-3 * noise[2],
        "reference": old + 0.3 * noise[3],
        "entropy": noise[4].abs(),
    }
    return {name: x.tolist() for name, x in found.items()}


INPUTS = {name: torch.tensor(x, dtype=torch.double) for name, x in inputs().items()}
MASK = torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]
Loss = Callable[[Tensor], Tensor]  # logp [B, T] -> scalar


def case(policy: str, loss: Loss, advantage: Tensor) -> dict[str, object]:
    """The loss of a policy and its gradient [B, T]."""
    logp = INPUTS[policy].clone().requires_grad_()
    value = loss(logp)
    (gradient,) = torch.autograd.grad(value, logp)
    return {"policy": policy, "advantage": advantage[:, 0].tolist(), "loss": value.item(), "gradient": (gradient * MASK).tolist()}


# --- TRL


def trl() -> dict[str, dict[str, object]]:
    from trl.trainer.grpo_trainer import GRPOTrainer
    from trl.trainer.utils import nanstd

    rewards = torch.tensor(REWARD, dtype=torch.double)
    means, spreads = (f(rewards.view(-1, GROUP), dim=1).repeat_interleave(GROUP) for f in (torch.nanmean, nanstd))
    centred = rewards - means
    scaled = centred / (spreads + 1e-4)  # as in `_generate_and_score_completions`

    def of(policy: str, loss_type: str, advantage: Tensor = scaled, **options: object) -> dict[str, object]:
        args = SimpleNamespace(delta=None, use_bias_correction_kl=False, steps_per_generation=1)
        accelerator = SimpleNamespace(
            num_processes=1, gather=lambda x: x, reduce=lambda x, reduction: x, pad_across_processes=lambda x, dim, pad_index: x
        )
        trainer = SimpleNamespace(
            **{
                "aux_loss_enabled": False,
                "top_entropy_quantile": 1.0,
                "off_policy_mask_threshold": None,
                "importance_sampling_level": "token",
                "beta": 0.0,
                "epsilon_low": 0.2,
                "epsilon_high": 0.2,
                "use_vllm": False,
                "_entropy_bonus_enabled": False,
                "max_completion_length": LIMIT,
                "current_gradient_accumulation_steps": 1,
            }
            | options,
            loss_type=loss_type,
            args=args,
            accelerator=accelerator,
            model=SimpleNamespace(training=True),
            _metrics=defaultdict(lambda: defaultdict(list)),
        )
        trainer.get_high_entropy_mask = lambda *given: GRPOTrainer.get_high_entropy_mask(trainer, *given)

        def loss(logp: Tensor) -> Tensor:
            trainer._get_per_token_logps_and_entropies = lambda *_, **__: (logp, INPUTS["entropy"], None)
            ids = torch.zeros(MASK.shape, dtype=torch.long)
            given = {
                "prompt_ids": ids,
                "prompt_mask": MASK,
                "completion_ids": ids,
                "completion_mask": MASK.double(),
                "advantages": advantage,
                "old_per_token_logps": INPUTS["old"],
                "ref_per_token_logps": INPUTS["reference"],
                "num_items_in_batch": MASK.sum(),
            }
            return GRPOTrainer._compute_loss(trainer, None, given)

        return case(policy, loss, advantage[:, None])

    higher, tiny = {"epsilon_high": 0.28}, {"epsilon_low": 3e-4, "epsilon_high": 4e-4, "importance_sampling_level": "sequence"}
    return {
        "grpo": of("far", "grpo"),
        "grpo-kl": of("far", "grpo", beta=0.01),
        "dr-grpo": of("far", "dr_grpo", centred),
        "dapo": of("far", "dapo", **higher),
        "ppo-clip": of("far", "dapo"),
        "gspo": of("near", "grpo", **tiny),
        "cispo-scale": of("far", "cispo", epsilon_high=5.0),
        "forking": of("far", "dapo", top_entropy_quantile=0.2, **higher),
    }


# --- verl


def verl(where: Path) -> dict[str, dict[str, object]]:
    core = _core(where)
    index, mask = np.repeat(np.arange(len(LENGTHS) // GROUP), GROUP), MASK.double()
    rewards = torch.zeros(MASK.shape, dtype=torch.double)
    rewards[:, 0] = torch.tensor(REWARD, dtype=torch.double)

    def advantage(name: str, **options: object) -> Tensor:  # [B, T]
        return getattr(core, f"compute_{name}_outcome_advantage")(rewards.clone(), mask, index, **options)[0]

    def of(policy: str, name: str, advantage: Tensor, mode: str, low: float = 0.2, high: float = 0.2) -> dict[str, object]:
        extra = SimpleNamespace(clip_cov_ratio=1.0, clip_cov_lb=0.5, clip_cov_ub=5.0, kl_cov_ratio=0.2, ppo_kl_coef=1.0)
        config = core.ActorConfig()
        config.clip_ratio, config.clip_ratio_low, config.clip_ratio_high, config.policy_loss = low, low, high, extra
        loss = getattr(core, f"compute_policy_loss_{name}")
        return case(policy, lambda logp: loss(INPUTS["old"], logp, advantage, mask, mode, config)[0], advantage)

    grpo, centred, best = advantage("grpo"), advantage("grpo", norm_adv_by_std_in_grpo=False), {"norm_adv_by_std_in_grpo": False}
    horizon = "seq-mean-token-sum-norm"
    return {
        "grpo": of("far", "vanilla", grpo, "seq-mean-token-mean"),
        "dr-grpo": of("far", "vanilla", centred, horizon),
        "rloo": of("old", "vanilla", advantage("rloo"), horizon),
        "ppo-clip": of("far", "vanilla", grpo, "token-mean"),
        "dapo": of("far", "vanilla", grpo, "token-mean", high=0.28),
        "gspo": of("near", "gspo", grpo, "seq-mean-token-mean", 3e-4, 4e-4),
        "cispo-verl": of("far", "cispo", grpo, "token-mean"),
        "best-of-group": of("far", "vanilla", advantage("grpo_passk", config=best), horizon),
        "clip-cov": of("far", "clip_cov", grpo, "token-mean"),
        "kl-cov": of("far", "kl_cov", grpo, "token-mean"),
    }


def _core(where: Path) -> ModuleType:
    """The file of verl's losses, with its own helpers of tensors."""

    class ActorConfig:
        global_batch_info: ClassVar[dict[str, object]] = {}

        def get(self, name: str, default: float) -> float:
            return 1e9 if name == "clip_ratio_c" else default  # the second clip, of ratios above 3 with blame, is switched off

    placeholders = {name: MagicMock() for name in PLACED if importlib.util.find_spec(name.split(".")[0]) is None or name.startswith("verl")}
    sys.modules |= placeholders
    sys.modules["verl.workers.config"].ActorConfig = ActorConfig
    sys.modules["verl.trainer.config"].AlgoConfig = type("AlgoConfig", (), {})
    helpers = _executed("verl.utils.torch_functional", where / "verl/utils/torch_functional.py")
    sys.modules["verl"].utils, sys.modules["verl.utils"].torch_functional = sys.modules["verl.utils"], helpers
    sys.modules["verl.utils.import_utils"].deprecated = lambda *_: lambda f: f
    return _executed("core_algos", where / "verl/trainer/ppo/core_algos.py")


PLACED = (
    "omegaconf",
    "tensordict",
    "tensordict.tensorclass",
    "codetiming",
    "verl",
    "verl.utils",
    "verl.utils.device",
    "verl.utils.import_utils",
)
PLACED += ("verl.trainer", "verl.trainer.config", "verl.workers", "verl.workers.config")


def _executed(name: str, file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    library, folder = sys.argv[1], Path(sys.argv[2])
    version = (
        importlib.metadata.version("trl")
        if library == "trl"
        else next(Path(sys.argv[3]).glob("verl-*.dist-info")).name.split("-")[1][: -len(".dist")]
    )
    cases = trl() if library == "trl" else verl(Path(sys.argv[3]))
    facts = {
        "library": library,
        "version": version,
        "group": GROUP,
        "limit": LIMIT,
        "lengths": LENGTHS,
        "reward": REWARD,
        "inputs": inputs(),
    }
    (folder / f"{library}.json").write_text(json.dumps(facts | {"cases": cases}) + "\n")
