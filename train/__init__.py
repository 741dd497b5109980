"""Policies from policies: stages, losses, rewards, credit, rollouts, scores."""

from train.learn import Learn, Snapshot
from train.optim import Muon, Optim
from train.policy import Fresh, Policy, Steer
from train.sample import Sample
from train.score import Score

__all__ = ["Fresh", "Learn", "Muon", "Optim", "Policy", "Sample", "Score", "Snapshot", "Steer"]
