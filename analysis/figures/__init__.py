"""Figures: SVG from what was measured."""
