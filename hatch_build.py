"""The script `synthtasks-study`, only where this checkout is installed to be edited: a wheel does not hold the studies that it runs."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Study(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the script to an editable installation."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            build_data["shared_scripts"]["analysis/synthtasks-study"] = "synthtasks-study"
