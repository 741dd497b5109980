"""Bridges: the problems in the shapes that other libraries ask for. Each module needs the library that it is called after, if any."""
