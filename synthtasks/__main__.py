"""The command line: `python -m synthtasks show | stats | export | check`. Each command's module is imported on demand."""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from synthtasks.console.output import heard
from synthtasks.console.stdout import say_every_character

COMMANDS = {
    "show": "print a problem, its solution, its graph and two verdicts",
    "stats": "measure a family's problems: difficulty, guessing, and which dial moves what",
    "export": "write a data set: train.jsonl, test.jsonl and a card",
    "check": "check a family, built-in or of your own, against every law",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 2 if it cannot be done as asked."""
    say_every_character()
    typed = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    command: str = parser().parse_args(typed[:1]).command
    try:
        run: Callable[[Sequence[str]], int] = import_module(f"synthtasks.commands.{command}").run
        return run(typed[1:])
    except ModuleNotFoundError as missing:
        print(f"error: {command} needs {missing.name}, which is not installed: pip install 'synthtasks[cli,laws]'", file=sys.stderr)
    except RecursionError:
        print("error: with these dials a problem nests deeper than Python recurses; ask for fewer steps", file=sys.stderr)
    except MemoryError as mistake:
        print(f"error: not enough memory; ask for less ({mistake})", file=sys.stderr)
    except (ValueError, OSError) as mistake:
        print(f"error: {mistake}", file=sys.stderr)
    return 2


def parser() -> argparse.ArgumentParser:
    """The parser of the command's name; each command parses its own options."""
    top = argparse.ArgumentParser(prog="python -m synthtasks", description="Compositional reasoning problems with an exact judge.")
    commands = top.add_subparsers(title="commands", required=True, metavar="command", dest="command")
    for name, summary in COMMANDS.items():
        commands.add_parser(name, help=summary, add_help=False)
    return top


if __name__ == "__main__":
    sys.exit(heard(main))
