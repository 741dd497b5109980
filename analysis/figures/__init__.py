"""Figures: charts of what was measured."""
