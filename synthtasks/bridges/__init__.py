"""Bridges: problems in the formats of other libraries. A module named after a library may import it."""
