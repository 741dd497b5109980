"""The command line: `python -m analysis list | algorithms | plan | run | watch | report | demo | ask | export | import | rerun | gc |
query | lesson | completion`, or `synthtasks-study` where a checkout is installed."""

import sys

from analysis.cli.options import Command, parsed
from analysis.cli.terminal import Terminal
from analysis.cli.verbs import OF_A_STUDY, VERBS, Demo, Run
from synthtasks.commands.line import CommandLine, parse
from synthtasks.console.mistakes import complain
from synthtasks.console.output import Unheard, heard
from synthtasks.console.stdout import say_every_character
from train.stages.lease import Lost

PLAIN_WIDTH = 160  # columns of output that goes to no terminal
NOT_DONE = 141  # exit status of a run that ended because its output's reader closed the pipe, as a shell gives it
LINE = CommandLine("synthtasks-study", "analysis", "Studies of when reinforcement learning adds reasoning, and when it does not.", VERBS)


def typed(words: list[str]) -> Command:
    """The command in the words of the command line.

    Raises:
        ValueError: if it is none.
        SystemExit: after help, or the version.
    """
    verb = LINE.verb(words, checkout)
    return parsed(OF_A_STUDY[verb], words[1:], LINE.prog) if verb in OF_A_STUDY else parse(VERBS[verb], words[1:], f"{LINE.prog} {verb}")


def checkout() -> str:
    """The commit of the checkout, for the version."""
    from train.stages.circumstances import commit

    found = commit()
    return f"(commit {str(found['hash'])[:12]}{', changed' if found['dirty'] else ''})" if found else "(no commit known)"


def main() -> int:
    """Parse and run a command, and print a user's mistake as a message; the exit status."""
    say_every_character()
    console = Terminal() if sys.stdout.isatty() else Terminal(width=PLAIN_WIDTH)
    kept = ""
    try:
        command = typed(sys.argv[1:])
        kept = "; the same command continues where it was" if isinstance(command, Run | Demo) else ""
        return command(console) or 0
    except Unheard:
        if kept:
            return NOT_DONE
        raise
    except (ValueError, OSError, Lost) as mistake:
        complain(str(mistake))
        return 2
    except KeyboardInterrupt:
        console.print(f"\nstopped{kept}")
        return 130


def script() -> int:
    """The exit status of the command line, whatever becomes of its output."""
    return heard(main)


if __name__ == "__main__":
    sys.exit(script())
