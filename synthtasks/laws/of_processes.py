"""The law of other processes: what is drawn and said depends on nothing of this one."""

import warnings

from synthtasks.laws.kit import Subject, need
from synthtasks.probes.elsewhere import Astray, lines, there


def is_the_same_elsewhere(subject: Subject) -> None:
    here = list(lines(subject.family, subject.surfaces))
    try:
        others = there(subject.family, subject.surfaces)
    except Astray as reason:
        said = f"{type(subject.family).__name__} was not tried in another process, which cannot find it ({reason})"
        warnings.warn(f"{said}; define it in a module that can be imported", stacklevel=4)
        return
    for other in others:
        for one, two in zip(here, other, strict=True):
            said = "another process says otherwise: nothing may depend on the order of a set, on hash() or on id()"
            need(one == two, said, f"here {one}", f"there {two}")
