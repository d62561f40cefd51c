"""Computations over published editions, kept on disk so that restarts and other processes need not repeat them."""

from __future__ import annotations

import hashlib
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
import numpy as np

from actitud_api import __version__
from actitud_api.platform.storage.file_store import FileStore

V = TypeVar("V")


class ComputedFrom(NamedTuple):
    """The scores that a computation reads: a published edition, and a value that changes whenever its scores change."""

    edition: str
    state: object


class KeptComputations:
    """A store on disk for results of computations, by the scores from which they were computed."""

    def __init__(self, store: FileStore) -> None:
        """Use `store` to read and write results."""
        self._store = store

    def load(self, source: ComputedFrom, kind: str, type_: type[V]) -> V | None:
        """Return the stored result of a computation, or None if there is none.

        `kind` names the computation, with all parameters on which it depends; `type_` is the type of the result.
        """
        stored = self._store.open(name_computation(source, kind))
        if stored is None:
            return None
        try:
            content = b"".join(stored.read(range(stored.size)))
            return msgspec.msgpack.decode(content, type=type_, dec_hook=_decode_array)
        except (msgspec.MsgspecError, ValueError):
            # Of a build with the same version but other figures; it is computed again.
            return None

    def save(self, source: ComputedFrom, kind: str, value: object) -> None:
        """Store the result of a computation, if there is room for it.

        `kind` names the computation, with all parameters on which it depends.
        """
        self._store.write(name_computation(source, kind), [_ENCODER.encode(value)])

    def holds(self, source: ComputedFrom, kind: str) -> bool:
        """Return True if the result of the computation `kind` over these scores is stored."""
        return self._store.holds(name_computation(source, kind))

    def drop_outdated(self, source: ComputedFrom) -> None:
        """Delete the results that were computed from other, earlier scores of the edition than those of `source`."""
        self._store.drop_outdated(_name_group(source), _name_state(source))


def name_computation(source: ComputedFrom, kind: str) -> str:
    """Return the name of the file with the result of the computation `kind` over these scores.

    The name depends on the version of the service too, so that a new version computes again.
    """
    digest = hashlib.sha256(msgspec.json.encode((__version__, _FORM, kind))).hexdigest()
    return f"{_name_group(source)}.{_name_state(source)}.{digest[:48]}"


def _name_group(source: ComputedFrom) -> str:
    return f"computed-{source.edition}"


def _name_state(source: ComputedFrom) -> str:
    return hashlib.sha256(msgspec.json.encode(source.state)).hexdigest()[:16]


_FORM: Final = 1
"""Version of what is computed: increase it if the same scores give other figures."""


def _encode_array(value: object) -> object:
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    # What msgspec asks of a hook for a type that it cannot encode.
    raise NotImplementedError(type(value))


def _decode_array(_type: type, value: Any) -> object:
    dtype, shape, content = value
    return np.frombuffer(content, np.dtype(dtype)).reshape(shape)


_ENCODER: Final = msgspec.msgpack.Encoder(enc_hook=_encode_array)
