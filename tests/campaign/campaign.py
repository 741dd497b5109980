"""`make campaign`: the judge against an independent interpreter, readers against noise, seeds and splits against each other.

Mutants of solutions, of every family on every surface, are shown to both; the judge must accept none that the interpreter
refuses, and they must never disagree. Nor may verdicts on tokens and on words. Noise must break no reader. Seeds may share no
more problems than chance allows, and train and test none. `--mutants 10000 --tokens 10000 --fuzz 100000 --problems 100000` is
a tenth of it. Ends with 1 if anything failed.
"""

import argparse
import faulthandler
import sys
from random import Random
from time import process_time

from rich.console import Console
from rich.table import Table

from tests.campaign import fuzz, judged, seeds, tokens
from tests.campaign.cases import CASES, Misunderstood

HANG = 600  # seconds that one case may take before the program says where it stands, and ends
CHUNK = 10_000  # problems between two looks at the clock
SPANS = 4  # of each shape that is pumped
CONSOLE = Console(width=150)


def share(total: int, parts: int) -> int:
    return -(-total // parts)


def mutants(total: int) -> int:
    """The judge against the interpreter; how many failures there are."""
    columns = "family,surface,gold,reordered,mutants,accepted: judge,interpreter,falsely,refused falsely,surplus,misgraded,misread"
    table = Table(*columns.split(","), title="mutants")
    failures, examples, kinds = 0, list[str](), dict[str, int]()
    for case in CASES:
        faulthandler.dump_traceback_later(HANG, exit=True)
        tally = judged.campaign(case, share(total, len(CASES)))
        failures += tally.failures
        examples += [f"{case.family}, {case.surface}: {example}" for example in tally.examples]
        for kind, count in tally.mutants.items():
            kinds[kind] = kinds.get(kind, 0) + count
        counts = (tally.mutants.total(), tally.judge, tally.interpreter, tally.false_accepts, tally.false_refusals, tally.surplus)
        gold, orders = f"{tally.golds} of {tally.problems}", f"{tally.reordered} of {tally.reorderings}"
        cells = (gold, orders, *map(str, counts), str(tally.misgraded), str(tally.misunderstood))
        table.add_row(case.family, case.surface, *cells, style="bold red" if tally.failures else "")
    CONSOLE.print(table)
    CONSOLE.print(f"{sum(kinds.values()):,} mutants: " + ", ".join(f"{count:,} {kind}" for kind, count in kinds.items()))
    show(examples)
    return failures


def compared(total: int) -> int:
    """Verdicts on tokens against verdicts on words; how many differ."""
    table = Table("family", "completions", "correct", "process", "failures", title="verdicts on tokens")
    failures, examples = 0, list[str]()
    for name in tokens.COMPARED:
        faulthandler.dump_traceback_later(HANG, exit=True)
        seen = tokens.campaign(name, share(total, len(tokens.COMPARED)))
        failures += len(seen.failures)
        examples += [f"{name}: {example}" for example in seen.failures[: judged.EXAMPLES]]
        counts = (seen.completions, seen.correct, seen.process, len(seen.failures))
        table.add_row(name, *(f"{count:,}" for count in counts), style="bold red" if seen.failures else "")
    CONSOLE.print(table)
    show(examples)
    return failures


def noise(total: int) -> int:
    """Readers against noise, and against long completions; how many failures there are."""
    table = Table("family", "surface", "completions", "words", "read in part", "failures", "looks, 4n to n", title="noise")
    failures, examples = 0, list[str]()
    for case in CASES:
        faulthandler.dump_traceback_later(HANG, exit=True)
        seen = fuzz.campaign(case, share(total, len(CASES)))
        ratio, wrong = 0.0, None
        try:
            ratio, wrong = fuzz.steepest(case.put(0), Random(f"{case.family}, {case.surface}"), SPANS)
        except Misunderstood as error:
            wrong = str(error)
        found = seen.failures + ([wrong] if wrong else [])
        failures += len(found)
        examples += [f"{case.family}, {case.surface}: {example}" for example in found[: judged.EXAMPLES]]
        cells = (f"{seen.completions:,}", f"{seen.words:,}", f"{seen.read:,}", str(len(found)), f"{ratio:.2f}")
        table.add_row(case.family, case.surface, *cells, style="bold red" if found else "")
    CONSOLE.print(table)
    show(examples)
    return failures


def coincidences(total: int) -> int:
    """Seed 1 against seed 2; how many families fail."""
    table = Table("family", "problems of each", "within", "across", "expected", "bound", title="seeds: pairs of equal problems")
    failures = 0
    for name, family in seeds.SEEDED.items():
        faulthandler.dump_traceback_later(HANG, exit=True)
        found = seeds.coincidences(family, total)
        failures += not found.passed
        cells = (f"{total:,}", f"{found.within:,}", f"{found.across:,}", f"{found.expected:,.1f}", f"{found.bound:,.1f}")
        table.add_row(name, *cells, style="" if found.passed else "bold red")
    CONSOLE.print(table)
    return failures


def splits(total: int) -> int:
    """Train against test; how many problems conflict."""
    columns = ("family", "problems", "train keys", "test keys", "shared keys", "forms", "conflicts", "problems a second")
    table = Table(*columns, title="splits")
    failures, examples = 0, list[str]()
    for name, family in seeds.SMALL.items():
        start, found, size = process_time(), seeds.Splits(), share(total, len(seeds.SMALL))
        for first in range(0, size, CHUNK):
            faulthandler.dump_traceback_later(HANG, exit=True)
            seeds.splits(family, first, min(first + CHUNK, size), found)
        failures += found.shared + found.conflicts
        examples += [f"{name}: {example}" for example in found.examples]
        counts = (found.problems, len(found.train), len(found.test), found.shared, len(found.forms), found.conflicts)
        rate = found.problems / (process_time() - start)
        table.add_row(name, *(f"{count:,}" for count in counts), f"{rate:,.0f}", style="" if found.passed else "bold red")
    CONSOLE.print(table)
    show(examples)
    return failures


def show(examples: list[str]) -> None:
    for example in examples[:20]:
        CONSOLE.print(example, markup=False, highlight=False)


def main() -> int:
    """Run the campaign; 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=100_000)
    parser.add_argument("--tokens", type=int, default=100_000, help="completions")
    parser.add_argument("--fuzz", type=int, default=1_000_000, help="completions")
    parser.add_argument("--seeds", type=int, default=10_000, help="problems of each seed and family")
    parser.add_argument("--problems", type=int, default=1_000_000, help="in the splits")
    given = parser.parse_args()
    failures = 0
    sizes = (given.mutants, given.tokens, given.fuzz, given.seeds, given.problems)
    for part, size in zip((mutants, compared, noise, coincidences, splits), sizes, strict=True):
        start = process_time()
        found = part(size)
        failures += found
        CONSOLE.print(f"{part.__name__}: {found} failures, {process_time() - start:,.0f} s of CPU time\n")
    faulthandler.cancel_dump_traceback_later()
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
