"""Measured difficulty: what dials move, how much of a test is worked out in training, and both as a picture."""
