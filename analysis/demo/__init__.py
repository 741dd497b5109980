"""A study for a class, on a terminal: acts with a question to guess, what policies answer, and curves."""
