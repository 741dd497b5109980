"""Our losses and gradients beside those of TRL and verl, on fixed rollouts."""
