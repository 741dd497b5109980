"""Measures: numbers from results."""
