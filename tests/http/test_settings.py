"""Settings: defaults, a file, the environment, options; every fault at once, and no secret in any text."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from actitud_api import cli
from actitud_api.platform.auth.secret import SecretText
from actitud_api.settings import EXPECTED_FORMS, FaultySettings, Settings, SettingsFault, describe_fault, read_settings

PEPPER = "0123456789abcdef0123456789abcdef"
PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def faults_of(environment: dict[str, str], folder: Path) -> list[SettingsFault]:
    with pytest.raises(FaultySettings) as raised:
        read_settings(environment, folder)
    return raised.value.faults


def test_nothing_said_gives_the_defaults(tmp_path: Path) -> None:
    assert read_settings({"HOME": "/root"}, tmp_path) == Settings()


def test_the_environment_wins_over_the_file_and_an_option_over_both(tmp_path: Path) -> None:
    file = tmp_path / "actitud.toml"
    file.write_text('host = "::1"\nport = 1\ngrace = 40\ntrusted_proxies = ["10.0.0.1"]\n', "utf-8")
    said = read_settings({"ACTITUD_PORT": "2", "ACTITUD_GRACE": "50"}, tmp_path, {"grace": "60"})
    assert (said.host, said.port, said.grace, said.trusted_proxies) == ("::1", 2, 60, ("10.0.0.1",))


def test_another_file_is_read_where_the_environment_says(tmp_path: Path) -> None:
    (tmp_path / "actitud.toml").write_text("port = 1\n", "utf-8")
    (tmp_path / "other.toml").write_text("port = 2\n", "utf-8")
    assert read_settings({"ACTITUD_CONFIG": "other.toml"}, tmp_path).port == 2
    assert faults_of({"ACTITUD_CONFIG": "none.toml"}, tmp_path) == [
        SettingsFault("none.toml", "unreadable", value="No such file or directory")
    ]


def test_a_list_in_the_environment_is_separated_by_commas(tmp_path: Path) -> None:
    said = read_settings({"ACTITUD_TRUSTED_PROXIES": "10.0.0.1, 2001:db8::/32,"}, tmp_path)
    assert said.trusted_proxies == ("10.0.0.1", "2001:db8::/32")


def test_every_fault_is_named_at_once_with_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "actitud.toml").write_text('databse_url = "sqlite:///x"\nport = "8000"\n', "utf-8")
    faults = faults_of({"ACTITUD_PROT": "1", "ACTITUD_GRACE": "20", "ACTITUD_HOST": "a b"}, tmp_path)
    assert [describe_fault(fault, "en") for fault in faults] == [
        "actitud.toml: databse_url: there is no such setting; the nearest is database_url",
        "actitud.toml: port: “8000” is not a port, 1 to 65535",
        "ACTITUD_GRACE: “20” is not a number of seconds, 21 to 600",
        "ACTITUD_HOST: “a b” is not an address or a host name",
        "ACTITUD_PROT: there is no such setting; the nearest is ACTITUD_PORT",
    ]
    assert describe_fault(faults[3], "es") == "ACTITUD_HOST: «a b» no es una dirección o un nombre de máquina"


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("PORT", "0"), ("PORT", "65536"), ("PORT", "80.5"), ("PORT", ""), ("DRAIN", "-1"), ("DRAIN", "61"),
        ("GRACE", "601"), ("PUBLIC_URL", "actitud.example"), ("PUBLIC_URL", "https://a/?b"), ("DATABASE_URL", "file"),
        ("TRUSTED_PROXIES", "*"), ("TRUSTED_PROXIES", "0.0.0.0/0"), ("TRUSTED_PROXIES", "10.0.0.1,proxy"),
        ("KEY_PEPPER", "short"), ("KEY_PEPPER_PREVIOUS", ""), ("CONTACT", "nobody"), ("CONTACT", "http://a.example/"),
        ("CONTACT", "a@b"), ("CONTACT", "javascript:a@b.example"), ("CONTACT", 'https://a.example/">'), ("CONTACT", ""),
        ("CONTACT", "a@b.example\nc@d.example"), ("CONTACT", "https://user@a.example/"),
    ],
)  # fmt: skip
def test_a_value_of_another_form_is_refused(variable: str, text: str, tmp_path: Path) -> None:
    (fault,) = faults_of({f"ACTITUD_{variable}": text}, tmp_path)
    assert (fault.place, fault.code, fault.name) == (f"ACTITUD_{variable}", "invalid", variable.lower())


@pytest.mark.parametrize(
    "content",
    [b"port = ", b"port = \xff", b"port = " + b"1" * 5_000, b"port = " + b"[" * 5_000],
    ids=["cut off", "no UTF-8", "thousands of digits", "nested"],
)
def test_a_file_that_is_no_toml_is_one_fault(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "actitud.toml").write_bytes(content)
    (fault,) = faults_of({}, tmp_path)
    assert (fault.place, fault.code) == ("actitud.toml", "unreadable")


def test_variables_of_the_client_are_not_ours(tmp_path: Path) -> None:
    theirs = {"BASE_URL": "http://127.0.0.1:8000", "API_KEY": "x", "TIMEOUT": "5", "LOG": "debug"}
    assert read_settings({f"ACTITUD_{name}": text for name, text in theirs.items()}, tmp_path) == Settings()


def test_no_secret_is_in_any_text(tmp_path: Path) -> None:
    said = read_settings(
        {"ACTITUD_KEY_PEPPER": PEPPER, "ACTITUD_DATABASE_URL": f"postgresql+psycopg://u:{PEPPER}@host/db"}, tmp_path
    )
    assert said.peppers == (SecretText(PEPPER),)
    assert PEPPER not in repr(said) + str(said) + repr(said.key_pepper)
    short = PEPPER[:31]
    wrong = {"ACTITUD_KEY_PEPPER": short, "ACTITUD_DATABASE_URL": f"postgresql//u:{short}@host/db"}
    faults = faults_of(wrong, tmp_path)
    assert len(faults) == 2
    assert short not in "".join(describe_fault(fault, "es") for fault in faults) + repr(faults)


def test_a_command_says_every_fault_and_ends_with_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
    monkeypatch.setenv("ACTITUD_PROT", "1")
    assert cli.main(["serve", "--port", "many"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "La configuración no es válida:",
        "  ACTITUD_PROT: no hay tal ajuste; el más parecido es ACTITUD_PORT",
        "  --port: «many» no es un puerto, de 1 a 65535",
    ]


@pytest.mark.parametrize("heading", ["## Settings", "## Ajustes"])
def test_the_page_lists_every_setting_with_its_default(heading: str) -> None:
    section = PAGE.read_text("utf-8").split(heading)[1].split("\n## ")[0]
    listed = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (.*?) \|", section, re.MULTILINE)
    fields = msgspec.structs.fields(Settings)
    assert [(name, variable) for name, variable, _ in listed] == [
        (field.name, f"ACTITUD_{field.name.upper()}") for field in fields
    ]
    for (name, _, default), field in zip(listed, fields, strict=True):
        known = msgspec.json.encode(field.default, enc_hook=str).decode()
        assert default == ("–" if known == "null" else f"`{known}`"), name


def test_every_setting_has_its_form_in_words() -> None:
    assert list(EXPECTED_FORMS) == list(Settings.__struct_fields__)


@pytest.mark.parametrize("text", ["index@province.example", "https://www.province.example/index?write"])
def test_a_contact_is_a_mailbox_or_a_page(text: str, tmp_path: Path) -> None:
    assert read_settings({"ACTITUD_CONTACT": text}, tmp_path).contact == text
