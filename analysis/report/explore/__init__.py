"""The report as a page to explore: its answer first, a place for everything, links from numbers to cells and files, and traces to browse."""
