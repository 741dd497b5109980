"""Files of others in our folders: of desktops, editors and network file systems, which come and change when they like."""

from contextlib import suppress

from tests.faults.field import FOREIGN, PATIENCE, Field

PER_RUN = 4  # times that somebody comes by


def foreign(field: Field, n: int) -> None:
    """Leave files in all folders while a run goes on, and change them when it has ended."""
    done = 0
    while done < n:
        field.fresh()
        process, left = field.start(), 0
        while left < min(PER_RUN, n - done) and not process.ended:
            field.pause(0.05, 0.6)
            _leave(field)
            left += 1
        process.wait(PATIENCE)
        field.look()
        _leave(field)
        field.judge("foreign file", left)
        done += left


def _leave(field: Field) -> None:
    for folder in [field.out, *(f for f in field.out.rglob("*") if f.is_dir())]:
        for name in FOREIGN:
            with suppress(FileNotFoundError):  # it was finished, and has another name now
                (folder / name).write_text(str(field.chance.random()))
