"""The law of other processes: problems and their words do not depend on the process."""

import warnings

from synthtasks.laws.kit import Subject, need
from synthtasks.probes.elsewhere import Astray, lines, there


def is_the_same_elsewhere(subject: Subject) -> None:
    here = list(lines(subject.family, subject.surfaces))
    try:
        others = there(subject.family, subject.surfaces)
    except Astray as reason:
        skipped = f"{type(subject.family).__name__} was not tried in another process, which cannot find it ({reason})"
        warnings.warn(f"{skipped}; define it in a module that can be imported", stacklevel=4)
        return
    for other in others:
        for one, two in zip(here, other, strict=True):
            cause = "another process differs: nothing may depend on the order of a set, on hash() or on id()"
            need(one == two, cause, f"here {one}", f"there {two}")
