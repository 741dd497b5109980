"""The site of the docs: pages made from guides, docstrings, kept findings and the library itself, built offline by Sphinx."""
