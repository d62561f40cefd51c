"""Every decoder that reads bytes of strangers, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.fuzzing import (
    answer_targets,
    export_targets,
    file_targets,
    import_targets,
    published_targets,
    request_targets,
)
from tests.fuzzing.target import Target

TARGETS: Final[Mapping[str, Target]] = {
    **request_targets.TARGETS,
    **file_targets.TARGETS,
    **export_targets.TARGETS,
    **import_targets.TARGETS,
    **published_targets.TARGETS,
    **answer_targets.TARGETS,
}
