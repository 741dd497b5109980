"""The card of an exported policy, in Markdown: which one it is, how it was made, its words, and how to ask it something."""

import textwrap
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from analysis.hub.labels import Use, uses
from analysis.hub.recipe import line_of, solved, written
from synthtasks.families import problem
from train.hub import Imported
from train.policy import Policy
from train.stages.circumstances import read_made
from train.stages.stage import Stage, closure

WIDTH = 100  # characters of a line of code
CELLS = 8  # that are listed


def card(policy: Policy, stage: Stage | None, folder: Path) -> str:
    """The card of the policy in the folder of a stage; None, where it has no record.

    Raises:
        Malformed: if a record beside it cannot be read.
    """
    title = str(stage) if stage else folder.resolve().name
    sections = [_front(stage), f"# {title}\n\n{_shape(policy)}"]
    if stage:
        sections += [_which(list(uses(stage, folder.resolve().parent.parent))), _made(stage, folder)]
    sections += [_words(policy), _prompting(policy, stage), _licence(stage)]
    return "\n\n".join(section for section in sections if section) + "\n"


def _front(stage: Stage | None) -> str:
    """The metadata that the Hub reads."""
    licence = "other" if _foreign(stage) else "mit"
    return f"""---
license: {licence}
library_name: transformers
pipeline_tag: text-generation
tags:
- synthetic
- reasoning
- synthtasks
---"""


def _foreign(stage: Stage | None) -> bool:
    """True if the policy stands on a model from elsewhere, or nothing says on what."""
    return stage is None or any(isinstance(s, Imported) for s in closure((stage,)))


def _shape(policy: Policy) -> str:
    c, count = policy.model.config, sum(weight.numel() for weight in policy.model.parameters())
    layer = {"gelu": "GELU", "swiglu": "SwiGLU"}[c.feedforward]
    kind = f"a short convolution of {c.conv} tokens before each layer" if c.conv else "no convolution: it is a `LlamaForCausalLM`"
    code = " Load it with `trust_remote_code=True`, which runs the file of code that lies here." if c.conv else ""
    return _filled(
        "A small language model of procedurally generated reasoning problems, not of natural language. "
        f"It has {count:,} weights: {c.layers} layers of width {c.width}, {c.heads} heads, {layer}, and {kind}.{code} "
        f"It reads and writes at most {c.context} tokens in all."
    )


def _filled(text: str, indent: str = "") -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _which(found: Sequence[Use]) -> str:
    """The studies, seeds and cells that use it."""
    if not found:
        return ""
    rows = "\n".join(f"| `{u.study}` | {'' if u.seed is None else u.seed} | {_cells(u)} | {', '.join(u.called)} |" for u in found)
    return f"## Which one\n\n| study | seed | cells | in them it is called |\n|---|---|---|---|\n{rows}"


def _cells(use: Use) -> str:
    cells = "; ".join(" ".join(f"{axis}={value}" for axis, value in labels) for labels in use.cells[:CELLS])
    return f"{cells}; and {len(use.cells) - CELLS} more" if len(use.cells) > CELLS else cells


def _made(stage: Stage, folder: Path) -> str:
    line = (replace(s, folder=Path(s.folder).name) if isinstance(s, Imported) else s for s in line_of(stage))  # a path may name a person
    steps = "\n".join(_filled(f"{s} = {written(s)}", "    ") for s in line)
    made = read_made(folder) if (folder / "run.json").exists() else None
    versions = ", ".join(f"{name} {version}" for name, version in sorted(made.versions.items())) if made else ""
    code = f", at commit `{made.commit['hash']}`" if made and made.commit and "hash" in made.commit else ""
    by = f"\n\nIt was made with {versions}{code}." if versions else ""
    return f"""## How it was made

Each stage builds on the one before it; fields at their defaults are left out. `stage.json` holds the
whole expression, with every default and truth table.

```text
{steps}
```{by}"""


def _words(policy: Policy) -> str:
    return f"""## Vocabulary

One word is one token, and white space separates words; another word is an error. A completion ends with `<end>`.

```text
{_filled(" ".join(policy.vocab.words))}
```"""


def _prompting(policy: Policy, stage: Stage | None) -> str:
    """Code that asks the policy, with a held-out problem and its solution, where it is known what it has read."""
    task = solved(stage) if stage else None
    trust = ", trust_remote_code=True" if policy.model.config.conv else ""
    first, shown = " ".join(policy.vocab.words[2:5]), ""
    if task:
        family, surface = task
        asked = problem(family, "test", "card")
        first = " ".join(surface.prompt(asked))
        shown = f"""

It is a problem of `{written(family)}` as `{written(surface)}` writes it, and its solution is:

```text
{" ".join(surface.solution(asked))}
```"""
    return f"""## How to ask it

```python
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

folder = "."  # this one
tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(folder{trust}).eval()
prompt = tokenizer({first!r}, return_tensors="pt")
print(tokenizer.decode(model.generate(**prompt, max_new_tokens={policy.model.config.context // 2})[0]))
```

`generate` samples at temperature 1, without cutting the tail; `do_sample=False` takes the likeliest token. Several prompts are padded on
the left.{shown}"""


def _licence(stage: Stage | None) -> str:
    if _foreign(stage):
        return "## Licence\n\nIt stands on a model from elsewhere, or nothing says on what: the licence of that model holds for it."
    return "## Licence\n\nMIT, as that of `synthtasks`. A program generated all that it has read."
