"""Stages: experiments as expressions, evaluated once, and where their results lie."""
