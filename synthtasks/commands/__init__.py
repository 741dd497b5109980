"""The commands of `python -m synthtasks`, each a module that is imported when it is asked for."""
