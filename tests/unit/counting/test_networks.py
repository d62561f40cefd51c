"""The names of networks, as persons write them."""

from __future__ import annotations

import pytest

from actitud.counting.networks import NETWORKS, identify_network


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_is_known_by_its_name_in_any_case(name: str) -> None:
    assert identify_network(f" {name.upper()} ") == (name, None)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Twitter", "x"),
        ("X (Twitter)", "x"),
        ("Tik Tok", "tiktok"),
        ("LinkedIn", "linkedin"),
        ("Press room", "press_room"),
        ("Canal de WhatsApp", "whatsapp_channel"),
        ("Reseñas de Google", "google_reviews"),
    ],
)
def test_usual_names_are_those_of_the_network(text: str, name: str) -> None:
    assert identify_network(text) == (name, None)


@pytest.mark.parametrize(
    ("text", "likely"),
    [
        ("facebok", "facebook"),
        ("instagran", "instagram"),
        ("Twiter", "x"),
        ("mastadon", "mastodon"),
        ("youtub", "youtube"),
    ],
)
def test_a_misspelt_name_is_none_and_has_its_likely_network(text: str, likely: str) -> None:
    assert identify_network(text) == (text.casefold(), likely)


@pytest.mark.parametrize("text", ["pinterest", "tuenti", "twitch", "flickr", "peertube", "face", "blog", "línea 010"])
def test_another_network_is_no_misspelt_one(text: str) -> None:
    assert identify_network(text) == (text, None)
    assert not identify_network(text).is_read
