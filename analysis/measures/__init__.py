"""Measures: numbers from results."""

from synthtasks.offers import lazily

__getattr__ = lazily(__name__, {"Edge": "analysis.measures.edge", "Rule": "analysis.measures.edge"})
