"""A page that shows a study while it runs."""
