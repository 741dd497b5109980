"""Policies from policies: stages, losses, rewards, credit, rollouts, scores."""
