"""`python -m synthtasks.bridges.gym`: ten tasks of Reasoning Gym under the laws of foreign tasks."""

import argparse
import json
import os
import subprocess
import sys

from synthtasks.bridges.gym.kept import ADVICE, DATA, PAGE, SAYS, kept
from synthtasks.laws.foreign import LAWS, page, table

HASHES = "0"  # PYTHONHASHSEED of the process that makes the table, and of the one that checks it


def remake() -> None:
    """Try every law anew, and keep what is found."""
    from synthtasks.bridges.gym.tasks import TASKS

    found = table(TASKS, LAWS)
    DATA.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text("\n".join(page(found, SAYS, ADVICE)) + "\n", encoding="utf-8")


def main() -> None:
    """Print the page of the kept table, or make both anew."""
    parser = argparse.ArgumentParser(prog="python -m synthtasks.bridges.gym", description=__doc__)
    parser.add_argument(
        "--again", action="store_true", help=f"try every law anew, with the installed version, and keep {DATA.name} and {PAGE.name}"
    )
    if parser.parse_args().again:
        if os.environ.get("PYTHONHASHSEED") != HASHES:  # some items depend on it
            again = [sys.executable, "-m", "synthtasks.bridges.gym", "--again"]
            sys.exit(subprocess.run(again, env={**os.environ, "PYTHONHASHSEED": HASHES}).returncode)
        remake()
    print(*page(kept(), SAYS, ADVICE), sep="\n")


if __name__ == "__main__":
    main()
