"""Measures: numbers from results."""

from train.offers import lazily

__getattr__ = lazily(__name__, {"Edge": "analysis.measures.edge", "Rule": "analysis.measures.edge"})
