"""Reinforcement learning: problems, rollouts, rewards, credit and objectives."""
