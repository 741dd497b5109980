"""Policies from elsewhere, as stages."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from synthtasks.checked import check
from train.policy import WEIGHTS, save_policy
from train.stages.reading import shown
from train.stages.record import Hashes
from train.stages.stage import Context, Stage


@dataclass(frozen=True, eq=False, repr=False)
class Imported(Stage):
    """The policy of a folder of Hugging Face, with that content: a Llama-shaped model with a tokenizer of words, or an exported policy.

    Its name depends on the content of the folder alone, not on the place of it, which may differ between machines. `imported_from` makes
    one of a folder that is here. The folder is read once, and is not needed where the result is there.

    Raises:
        ValueError: if `digest` is no SHA-256 in hexadecimal; from `run`, if the folder has another content.
        FileNotFoundError: from `run`, if the folder or one of its files is missing.
        Malformed: from `run`, if the model cannot be represented here.
    """

    folder: str  # absolute, or relative to where the process was started
    digest: str  # of its files, as `train.hub.folder.folder_digest` gives it

    writes: ClassVar[tuple[str, ...]] = ("policy.json", WEIGHTS)

    def __post_init__(self) -> None:
        check(self)
        if not re.fullmatch("[0-9a-f]{64}", self.digest):
            raise ValueError(
                f"Imported.digest is a SHA-256 in hexadecimal, as `python -m analysis import FOLDER` gives it; found {self.digest!r}"
            )

    @cached_property
    def hashes(self) -> Hashes:
        """Identity and meaning, wherever the folder lies."""
        return super().hashes if not self.folder else replace(self, folder="").hashes

    def run(self, out: Path, context: Context) -> None:
        from train.hub.folder import folder_digest, import_policy

        folder = Path(self.folder)
        if (found := folder_digest(folder)) != self.digest:
            raise ValueError(f"{shown(folder)} has digest {found}, not {self.digest}: with another content, it is another policy")
        save_policy(import_policy(folder), out)


def imported_from(folder: Path) -> Imported:
    """The stage of the policy in a folder, with its present content.

    Raises:
        FileNotFoundError: if a file is missing.
    """
    from train.hub.folder import folder_digest

    return Imported(str(folder), folder_digest(folder))
