"""Rewards. `train.rl` offers them, since results are named by the room that offers a class."""
