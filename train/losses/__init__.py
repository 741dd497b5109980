"""Ways of learning: each is a loss that `Learn` minimises."""
