"""The screen of a study: its needs before it runs, its progress, and its end."""

from analysis.cli.screen.bars import screen
from analysis.cli.screen.ending import ending
from analysis.cli.screen.lines import Lines
from analysis.cli.screen.needs import estimated, needs, plan_table, size
from analysis.cli.screen.watching import watching

__all__ = ["Lines", "ending", "estimated", "needs", "plan_table", "screen", "size", "watching"]
