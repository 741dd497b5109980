"""The command line: `python -m analysis list | algorithms | plan | run | watch | report | demo | ask | export | import | rerun | gc |
query | lesson`."""

import sys

import tyro
from rich.text import Text

from analysis.cli.options import LOOKS, Command, parsed
from analysis.cli.terminal import Terminal
from analysis.cli.verbs import OF_A_STUDY, VERBS, Demo, Run
from synthtasks.console.output import Unheard, heard
from synthtasks.console.stdout import say_every_character
from train.stages.lease import Lost

PLAIN_WIDTH = 160  # columns of output that goes to no terminal
NOT_DONE = 141  # exit status of a run that ended because its output's reader closed the pipe, as a shell gives it


def typed(words: list[str]) -> Command:
    """The command in the words of the command line."""
    if words[0] in OF_A_STUDY:
        return parsed(OF_A_STUDY[words[0]], words[1:])
    command: Command = tyro.extras.subcommand_cli_from_dict(VERBS, description=__doc__, prog="python -m analysis", args=words, config=LOOKS)
    return command


def main() -> int:
    """Parse and run a command, and print a user's mistake as a message; the exit status."""
    say_every_character()
    console = Terminal() if sys.stdout.isatty() else Terminal(width=PLAIN_WIDTH)
    kept = ""
    try:
        command = typed(sys.argv[1:] or ["--help"])
        kept = "; the same command continues where it was" if isinstance(command, Run | Demo) else ""
        return command(console) or 0
    except Unheard:
        if kept:
            return NOT_DONE
        raise
    except (ValueError, OSError, Lost) as mistake:
        Terminal(sys.stderr).print(Text.assemble(("error:", "red"), f" {mistake}"), soft_wrap=True)
        return 2
    except KeyboardInterrupt:
        console.print(f"\nstopped{kept}")
        return 130


if __name__ == "__main__":
    sys.exit(heard(main))
