"""Probes for laws: deliberate mistakes, and other processes."""
