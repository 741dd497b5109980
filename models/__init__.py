"""Tokens in, logits out. Knows no task."""
