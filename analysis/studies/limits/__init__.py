"""Studies of where reinforcement learning narrows, changes little, or works without a true reward; and of its algorithms."""
