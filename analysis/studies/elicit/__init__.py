"""Eliciting, deciding, deploying: studies of what is there before RL, and of other ways to bring it out."""
