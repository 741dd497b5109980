"""Numbers as people say them."""


def plural(n: int, what: str) -> str:
    """A count of things."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def minutes(seconds: float) -> str:
    """A duration."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3_600:.1f} h"


def megabytes(size: float) -> str:
    """A size in MiB."""
    if size < 1:
        return f"{1_024 * size:.0f} KiB"
    return f"{size:.0f} MiB" if size < 10_240 else f"{size / 1_024:.0f} GiB"
