"""Every study, by name. One line adds one."""

from analysis.studies import grid

STUDIES = {s.STUDY.name: s.STUDY for s in (grid,)}
