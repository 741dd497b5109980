"""Policies for others: exported from a stage's folder, with a card; and imported."""
