"""Parts that families are built of: what a family is, graphs, distractors, programs as arrays."""
