"""Policies from policies: stages, losses, rewards, credit, rollouts, scores."""

from train.offers import lazily

OFFERS = {
    "Fresh": "train.policy",
    "Learn": "train.learn",
    "Optim": "train.optim",
    "Policy": "train.policy",
    "Sample": "train.sample",
    "Score": "train.score",
}
__getattr__ = lazily(__name__, OFFERS)
