"""Studies of the interplay of pretraining, mid-training and reinforcement learning."""
