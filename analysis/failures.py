"""Why a stage failed, kept beside its draft for whoever looks while the others run: `Kind-hash.failed` holds the traceback."""

from pathlib import Path


def suffixed(folder: str) -> str:
    """The name of the file that belongs to a stage's folder."""
    return folder + ".failed"


def note(folder: Path, error: str) -> None:
    """The stage that was to fill `folder` failed."""
    file = folder.with_name(suffixed(folder.name))
    draft = file.with_name(file.name + ".tmp")
    draft.write_text(error)
    draft.replace(file)


def forget(folder: Path) -> None:
    """It is tried again."""
    folder.with_name(suffixed(folder.name)).unlink(missing_ok=True)


def read(folder: Path) -> str:
    """The traceback; nothing, where it is being tried again."""
    try:
        return folder.with_name(suffixed(folder.name)).read_text()
    except FileNotFoundError:
        return ""
