"""Measured difficulty: effects of dials on quantities, overlap of test with training, and a picture."""
