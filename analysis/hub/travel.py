"""Export of the policy in a stage's folder, and import of a model from elsewhere as a stage."""

from pathlib import Path

from analysis.hub.card import card
from analysis.hub.recipe import RECORD, recorded
from synthtasks.datasets.draft import unused
from train.hub import Imported, imported_from
from train.hub.folder import export_policy, import_policy, refuse_edits
from train.policy import Policy, load_policy
from train.stages.reading import shown
from train.stages.stage import Undefined
from train.stages.store import Store


def exportable(folder: Path, out: Path) -> Policy:
    """The policy of a stage's folder, after a check that it can be exported to `out`.

    Raises:
        FileNotFoundError: if `folder` holds no policy.
        FileExistsError: if `out` exists.
        ValueError: if the policy cannot be read, or has edits.
    """
    unused(out)
    try:
        policy = load_policy(folder)
    except Undefined as reason:
        raise ValueError(f"{shown(folder)} holds no policy, since there is none: {reason}. Choose the folder of another") from None
    refuse_edits(policy)
    return policy


def export(folder: Path, out: Path, allow: tuple[str, ...] = ()) -> None:
    """Write the policy of a stage's folder to `out` as a folder of Hugging Face, with its card and its record. Classes in the record are
    looked up in the project's packages and in the allowed ones.

    Raises:
        FileNotFoundError: as `exportable`.
        FileExistsError: as `exportable`.
        ValueError: as `exportable`; or if the record cannot be read.
    """
    policy, stage = exportable(folder, out), recorded(folder, allow)
    beside = {RECORD: (folder / RECORD).read_text(encoding="utf-8")} if stage else {}
    export_policy(policy, out, card(policy, stage, folder), beside)


def take_over(folder: Path, out: Path | None) -> tuple[Imported, Path | None]:
    """The stage of a model's folder, after a check that its policy can be represented here, and its results among the stages of `out`.

    Raises:
        FileNotFoundError: if a file of the model is missing.
        Malformed: if it cannot be represented here.
    """
    stage = imported_from(folder)
    if out is None:
        import_policy(folder)
        return stage, None
    return stage, Store(out / "stages").get(stage)
