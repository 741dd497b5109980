"""Building blocks of families: their protocol, graphs, distractors, programs as arrays."""
