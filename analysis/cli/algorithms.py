"""The index of algorithms, for a terminal and for programs."""

import json

from rich.console import Console

from analysis.cli.terminal import columns
from train.rl import INDEX


def show_algorithms(console: Console) -> None:
    """A line for each algorithm."""
    table = columns("name", "paper", "section", "settings", "not supported")
    for name, entry in INDEX.items():
        table.add_row(name, entry.paper, entry.section, entry.settings, entry.lacks)
    console.print(table)


def algorithms_json() -> str:
    """Every algorithm with its parts, as JSON."""
    found = [
        {
            "name": name,
            "paper": entry.paper,
            "section": entry.section,
            "settings": entry.settings,
            "not supported": entry.lacks,
            "algorithm": repr(entry.algorithm),
        }
        for name, entry in INDEX.items()
    ]
    return json.dumps(found, indent=1)
