"""The secrets of webhooks are readable with the key of the installation alone, which its owner alone reads."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from actitud_api.resources.webhooks.secret_box import SecretBox, SecretFault

SECRET = bytes(range(32))


def test_a_secret_comes_back_and_is_not_in_what_is_stored(tmp_path: Path) -> None:
    box = SecretBox(tmp_path / "signing")
    stored = box.encrypt_secret("one", SECRET)
    assert SECRET not in stored
    assert SecretBox(tmp_path / "signing").decrypt_secret("one", stored) == SECRET
    assert box.encrypt_secret("one", SECRET) != stored
    assert stat.S_IMODE((tmp_path / "signing" / "webhooks.key").stat().st_mode) == 0o600
    assert os.listdir(tmp_path / "signing") == ["webhooks.key"]


def test_a_secret_is_that_of_its_webhook(tmp_path: Path) -> None:
    box = SecretBox(tmp_path)
    stored = box.encrypt_secret("one", SECRET)
    for webhook, changed in (("two", stored), ("one", stored[:-1] + bytes([stored[-1] ^ 1]))):
        with pytest.raises(SecretFault) as caught:
            box.decrypt_secret(webhook, changed)
        assert caught.value.code == "foreign"


def test_a_lost_key_is_not_replaced_to_read(tmp_path: Path) -> None:
    stored = SecretBox(tmp_path).encrypt_secret("one", SECRET)
    with pytest.raises(SecretFault) as caught:
        SecretBox(tmp_path / "elsewhere").decrypt_secret("one", stored)
    assert caught.value.code == "missing"
    SecretBox(tmp_path / "elsewhere").encrypt_secret("two", SECRET)
    with pytest.raises(SecretFault) as caught:
        SecretBox(tmp_path / "elsewhere").decrypt_secret("one", stored)
    assert caught.value.code == "foreign"


@pytest.mark.parametrize(("content", "mode", "code"), [("no", 0o600, "unreadable"), ("0" * 64, 0o640, "exposed")])
def test_a_key_that_is_none_or_that_others_read_is_refused(tmp_path: Path, content: str, mode: int, code: str) -> None:
    file = tmp_path / "webhooks.key"
    file.write_text(content)
    file.chmod(mode)
    with pytest.raises(SecretFault) as caught:
        SecretBox(tmp_path).encrypt_secret("one", SECRET)
    assert caught.value.code == code
    assert file.read_text() == content


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SecretFault) as caught:
        SecretBox(tmp_path / "file" / "signing").encrypt_secret("one", SECRET)
    assert caught.value.code == "unreadable"


def test_of_all_who_make_the_key_at_once_one_does(tmp_path: Path) -> None:
    boxes = [SecretBox(tmp_path) for _ in range(16)]
    with ThreadPoolExecutor(16) as pool:
        stored = list(pool.map(lambda box: box.encrypt_secret("one", SECRET), boxes))
    assert [SecretBox(tmp_path).decrypt_secret("one", one) for one in stored] == [SECRET] * 16
