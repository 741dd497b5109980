"""The script that calls a study, and the workers, which need not know it."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType

from train.stages.record import STARTED
from train.stages.stage import Stage, encode


@contextmanager
def unimported(stages: Sequence[Stage]) -> Iterator[None]:
    """Workers that start in here do not import the script that Python was started with. Without `if __name__ == "__main__":`, it would
    call the study again in each of them. A script that defines a part of these stages is imported all the same, and needs that line."""
    main = STARTED[0]
    if any(f'"{main}.' in str(encode(stage)).replace("'", '"') for stage in stages):
        yield
        return
    script, sys.modules[main] = sys.modules[main], ModuleType(main)
    try:
        yield
    finally:
        sys.modules[main] = script
