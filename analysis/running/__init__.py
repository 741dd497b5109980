"""Running many stages, by many workers."""
