"""Standard output: what it can say, and what happens when it ends early."""
