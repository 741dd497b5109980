"""Data sets: problems as items in text, recipes that re-create them, and folders of JSON lines with a card."""
