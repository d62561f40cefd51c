"""The names of social networks, as persons write them in options, message logs and workbooks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Final, NamedTuple, get_args

from actitud.counting.messages import Platform
from actitud.counting.sources import Tell

NETWORKS: Final[tuple[str, ...]] = get_args(Platform)
"""Networks and other platforms that a count knows, by their names in accounts."""
WITHOUT_FILE: Final = ("bluesky", "threads", "whatsapp_channel", "google_reviews", "decidim")
"""Those of which no file is read, so that their messages come from a log."""
_OF_POSTS: Final[frozenset[Tell]] = frozenset(
    ("own_posts", "reposts", "media", "alternative_texts", "reactions", "comments", "shares", "views")
)
_OF_CONVERSATIONS: Final[frozenset[Tell]] = frozenset(
    ("public_replies", "private_replies", "received_public", "received_private", "threads")
)
_PRIVATE: Final[frozenset[Tell]] = frozenset(("private_replies", "received_private"))
IMPOSSIBLE: Final[Mapping[str, frozenset[Tell]]] = {
    "whatsapp": _OF_POSTS,
    "whatsapp_channel": _OF_CONVERSATIONS,
    "google_reviews": _OF_POSTS | _PRIVATE,
}
"""Kinds of data that accounts of a network cannot have: nothing is posted in a chat, and nobody writes to a channel."""
_SIGNS: Final = re.compile(r"\W|_")
_BY_NAME: Final = {_SIGNS.sub("", name): name for name in NETWORKS} | {
    "twitter": "x",
    "xtwitter": "x",
    "fb": "facebook",
    "ig": "instagram",
    "insta": "instagram",
    "yt": "youtube",
    "bsky": "bluesky",
    "canaldewhatsapp": "whatsapp_channel",
    "reseñasdegoogle": "google_reviews",
}
_LIKELY: Final = [name for name in _BY_NAME if len(name) > len("insta")]
"""Names with enough letters to be known by most of them."""
_ALIKE: Final = 0.75
"""Least likeness of a misspelt name: “twitch” is not “twitter”, and “face” not “facebook”."""


class NetworkName(NamedTuple):
    """Name of a network as it is used in accounts, and the known network that was probably meant.

    ``likely`` is None if ``name`` is a known network, or resembles none: a message log may have messages of any
    network.
    """

    name: str
    likely: str | None = None

    @property
    def is_read(self) -> bool:
        """True if a count reads files of this network."""
        return self.name in NETWORKS and self.name not in WITHOUT_FILE


@lru_cache(maxsize=1_000)
def identify_network(text: str) -> NetworkName:
    """Return the network that a text names, in any case, in two words, or by another usual name such as Twitter."""
    name = text.strip().casefold()
    plain = _SIGNS.sub("", name)
    if plain in _BY_NAME:
        return NetworkName(_BY_NAME[plain])
    alike = get_close_matches(plain, _LIKELY, n=1, cutoff=_ALIKE)
    return NetworkName(name, _BY_NAME[alike[0]] if alike else None)
