"""The command line: `python -m synthtasks show | stats | export | check | new | completion`, or `synthtasks` where it is installed."""

import sys
from collections.abc import Sequence

from synthtasks.console.mistakes import complain
from synthtasks.console.output import heard
from synthtasks.console.stdout import say_every_character

SAYS = "Compositional reasoning problems with an exact judge."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 2 if it cannot be done as asked."""
    say_every_character()
    words = sys.argv[1:] if arguments is None else arguments
    try:
        from synthtasks.commands.line import CommandLine, parse
        from synthtasks.commands.verbs import OF_A_FAMILY, VERBS, of_a_family

        line = CommandLine("synthtasks", "synthtasks", SAYS, VERBS)
        verb = line.verb(words)
        prog = f"{line.prog} {verb}"
        command = of_a_family(OF_A_FAMILY[verb], words[1:], prog) if verb in OF_A_FAMILY else parse(VERBS[verb], words[1:], prog)
        return command() or 0
    except ModuleNotFoundError as missing:
        complain(f"{missing.name} is not installed, which this needs: pip install 'synthtasks[cli,laws]'")
    except RecursionError:
        complain("with these dials a problem nests deeper than Python recurses; ask for fewer steps")
    except MemoryError as mistake:
        complain(f"not enough memory; ask for less ({mistake})")
    except (ValueError, OSError) as mistake:
        complain(str(mistake))
    except KeyboardInterrupt:
        complain("stopped")
        return 130
    return 2


def script() -> int:
    """The exit status of the command line, whatever becomes of its output."""
    return heard(main)


if __name__ == "__main__":
    sys.exit(script())
