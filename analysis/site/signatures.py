"""Signatures for the reference: types without their checked ranges, and defaults that fit on a line."""

from __future__ import annotations

import inspect
import re

SHOWN = 24  # letters of a default, beyond which it is left to the source
CHECKED = re.compile(r"Annotated\[(?P<type>[^,\[\]]*(?:\[[^\[\]]*\])?), [^\]]*?\)\]")


def short(of: object) -> tuple[str, str | None] | None:
    """The parameters and the returned type of a class or function, as text; None for anything else."""
    if not inspect.isclass(of) and not inspect.isfunction(of):
        return None
    if getattr(of, "_is_protocol", False):
        return "", None
    try:
        signature = inspect.signature(of)
    except (TypeError, ValueError):  # a builtin base tells none
        return None
    own = [p for i, p in enumerate(signature.parameters.values()) if not (i == 0 and p.name in ("self", "cls") and inspect.isfunction(of))]
    returned = None if inspect.isclass(of) or signature.return_annotation is signature.empty else named(signature.return_annotation)
    return f"({', '.join(told(p) for p in own)})", returned


def told(parameter: inspect.Parameter) -> str:
    """One parameter, with its type and default."""
    text = "*" * (parameter.kind == parameter.VAR_POSITIONAL) + "**" * (parameter.kind == parameter.VAR_KEYWORD) + parameter.name
    if parameter.annotation is not parameter.empty:
        text += f": {named(parameter.annotation)}"
    if parameter.default is parameter.empty:
        return text
    value = repr(parameter.default)
    return f"{text} = {value if len(value) <= SHOWN and '<' not in value else '...'}"


def named(annotation: object) -> str:
    """A type in the fewest words."""
    from sphinx.util.typing import stringify_annotation

    text = annotation if isinstance(annotation, str) else str(stringify_annotation(annotation, "smart"))
    return CHECKED.sub(lambda m: m["type"], text)
