"""Deviations of our algorithms, as the index has them, from the code of TRL and verl. With these undone, losses and gradients are equal.
Each of those in `UNDONE` makes a difference on the fixtures."""

from collections.abc import Mapping

DEVIATIONS: Mapping[str, str] = {
    "sample deviation": "they divide by the sample's standard deviation plus 1e-4 (TRL) or 1e-6 (verl), we by the population's plus 1e-4",
    "own length": "they divide a completion's loss by its own length, we by the longest that is allowed",
    "padded length": "they divide by the width of the padded batch, we by the longest completion that is allowed",
    "policy of now": "they take the covariance with log-probabilities of the policy that learns, we with those of the one that sampled",
    "value only": "ours has the same gradient and another value: no ratio in RLOO; tokens that are cut and clipped in Clip-Cov",
    "interpolated quantile": "they choose tokens by an interpolated quantile, and by the entropy of the policy that learns; we by rank",
    "second clip": "they bound the ratio of blamed tokens at 3 as well; it is switched off in the fixtures",
    "softened length": "they add 1e-8 to a length, and clamp log ratios at 20 (10 for GSPO)",
    "single precision": "they correct the deviation of the sample in single precision",
    "rounding": "they hold a token at any distance from the sampling policy, we from 1e-4 nats on, which rounding does not reach",
    "elsewhere": "dynamic sampling and overlong shaping are no part of the loss, here and there",
}
UNDONE = ("sample deviation", "own length", "padded length", "policy of now", "value only")

TABLE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "trl": {
        "grpo": ("sample deviation", "single precision", "own length"),
        "grpo-kl": ("sample deviation", "single precision", "own length"),
        "dr-grpo": (),
        "dapo": ("sample deviation", "single precision", "elsewhere"),
        "ppo-clip": ("sample deviation", "single precision"),
        "gspo": ("sample deviation", "single precision"),
        "cispo-scale": ("sample deviation", "single precision"),
        "forking": ("sample deviation", "single precision", "interpolated quantile", "elsewhere"),
    },
    "verl": {
        "grpo": ("sample deviation", "own length", "second clip", "softened length"),
        "dr-grpo": ("padded length", "second clip"),
        "rloo": ("padded length", "value only", "second clip"),
        "ppo-clip": ("sample deviation", "second clip"),
        "dapo": ("sample deviation", "second clip", "elsewhere"),
        "gspo": ("sample deviation", "softened length"),
        "cispo-verl": ("sample deviation", "softened length"),
        "best-of-group": ("padded length", "second clip"),
        "clip-cov": ("sample deviation", "policy of now", "value only"),
        "kl-cov": ("sample deviation", "policy of now", "rounding"),
    },
}
