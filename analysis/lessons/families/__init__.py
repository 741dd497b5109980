"""Families that readers of lessons write: each in a file, so that other processes can import it."""
