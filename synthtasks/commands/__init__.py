"""The commands of `python -m synthtasks`, one module each, imported on demand."""
