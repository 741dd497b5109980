"""The studies that there are, and their claims."""

import json
from collections.abc import Mapping

from rich.console import Console
from rich.text import Text

from analysis.studies.study import Study


def show_list(studies: Mapping[str, Study], console: Console) -> None:
    """Every study with its claims."""
    for study in studies.values():
        console.print(Text.assemble((study.name, "bold"), f"  {study.question} ({study.source})"))
        console.print("  axes: " + "; ".join(f"{a} {{{', '.join(v)}}}" for a, v in study.axes.items()), highlight=False)
        for claim in study.claims:
            console.print(f"  {claim.name}: {claim.statement}", highlight=False)


def list_json(studies: Mapping[str, Study]) -> str:
    """The same, for programs."""
    return json.dumps(
        [
            {
                "name": s.name,
                "source": s.source,
                "axes": {a: list(v) for a, v in s.axes.items()},
                "claims": [
                    {"name": c.name, "statement": c.statement, "margin": c.test and c.test.margin, "unit": c.unit} for c in s.claims
                ],
            }
            for s in studies.values()
        ],
        indent=1,
    )
