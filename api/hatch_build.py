"""Put the examples of the OpenAPI document into what is built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ExamplesBuildHook(BuildHookInterface):
    """Take `openapi/examples` of the repository along; a source distribution has it inside the package already."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the folder to the files of the target, if this is a checkout and `version` does not point into it."""
        examples = Path(self.root).parent / "openapi" / "examples"
        if examples.is_dir() and version != "editable":
            build_data["force_include"][str(examples)] = "actitud_api/examples"
