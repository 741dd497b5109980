"""Laws are tried on the same examples in every run, and for as long as they take: a slow machine breaks no law."""

from hypothesis import settings

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")
