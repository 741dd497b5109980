"""Checks that need a GPU, and what of them a CPU can show: `make gpu`, or `python -m tests.gpu` where the packages are already there."""
