"""The report as a page to explore: the answer first, links from numbers to cells and files, traces to browse, facts to take along."""
