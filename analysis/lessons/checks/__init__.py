"""Checks of the exercises: a file a lesson. Each takes a reader's function, and says that it is right, or what is wrong."""
