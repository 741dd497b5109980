"""The script that calls a study, and the workers, which need not know it."""

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType

from train.stages.record import STARTED
from train.stages.stage import Stage, encode


@contextmanager
def unimported(stages: Sequence[Stage]) -> Iterator[None]:
    """Workers that start in here do not import the script that Python was started with. Without `if __name__ == "__main__":`, it would
    call the study again in each of them. A script that defines a part of these stages is imported all the same, and needs that line.

    Raises:
        ValueError: if a notebook defines a part, which its workers could not find.
    """
    main = STARTED[0]
    own = {part for stage in stages for part in re.findall(rf"['\"]{main}\.\w+\.([\w.]+)['\"]", str(encode(stage)))}
    if own and not hasattr(sys.modules[main], "__file__"):
        advice = "write it into a file and import that, or run the stage in the notebook itself: Store(folder).get(stage)"
        raise ValueError(f"a notebook defines {', '.join(sorted(own))}, which the processes that run a study would not find; {advice}")
    if own:
        yield
        return
    script, sys.modules[main] = sys.modules[main], ModuleType(main)
    try:
        yield
    finally:
        sys.modules[main] = script
