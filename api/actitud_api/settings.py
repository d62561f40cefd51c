"""How the service is run: settings from a TOML file and from the environment, which wins.

The environment says `ACTITUD_<NAME IN CAPITALS>`; the file, `actitud.toml` in the working folder or where
`ACTITUD_CONFIG` says, has the names as they are here. `docs/configuration.md` explains each.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Final, Literal, get_origin

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import FieldInfo

from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.auth.secret import SecretText

PREFIX: Final = "ACTITUD_"
FILE: Final = "actitud.toml"
FILE_VARIABLE: Final = f"{PREFIX}CONFIG"
"""The environment variable that names another file of settings."""

CLIENT_VARIABLES: Final = frozenset({f"{PREFIX}BASE_URL", f"{PREFIX}API_KEY", f"{PREFIX}TIMEOUT"})
"""Variables of the client, which may share an environment with the service: they are not read here."""

LONGEST_HANDLER: Final = 20
"""Seconds that a request can take: 10 until a connection is free and 10 until the lock of the database is."""


class Proxy(str):
    """The address or network of a proxy; never all addresses."""

    __slots__ = ()

    def __new__(cls, text: str) -> Proxy:
        """Raises `ValueError` where the text is neither an address nor a network."""
        if ip_network(text).prefixlen == 0:
            raise ValueError("every address")
        return super().__new__(cls, text)


_CONTACT: Final = (
    r"^([A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+|https://[^/?#\\\s\"'<>@]+(/[^\\\s\"'<>]*)?)\Z"
)
"""A mail address, or a page over https."""

Limit = Annotated[int, Meta(ge=0, le=1_000_000)]
"""Requests a minute; 0 without limit."""


class Settings(Struct, frozen=True, kw_only=True):
    """The settings of a process. Times are in seconds."""

    database_url: Annotated[str, Meta(pattern="^[a-z][a-z0-9+]*://.")] = "sqlite:///var/actitud.sqlite3"
    """SQLAlchemy URL of the database; it may hold a password."""
    public_url: Annotated[str, Meta(pattern=r"^https?://[^/?#\\\s]+/?\Z")] | None = None
    """Scheme and authority under which people reach the service, for absolute links; without it those of a request."""
    contact: Annotated[str, Meta(max_length=254, pattern=_CONTACT)] | None = None
    """Whom to write to about what is published: a mailbox or a page, of no person; pages and the catalogue name it."""
    host: Annotated[str, Meta(pattern="^[0-9A-Za-z.:_-]+$")] = "127.0.0.1"
    """The address to listen on."""
    port: Annotated[int, Meta(ge=1, le=65535)] = 8000
    """The port to listen on."""
    trusted_proxies: tuple[Proxy, ...] = ()
    """Whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed."""
    drain: Annotated[int, Meta(ge=0, le=60)] = 2
    """How long requests are still taken after the order to stop, while `/readyz` already says 503."""
    grace: Annotated[int, Meta(gt=LONGEST_HANDLER, le=600)] = 30
    """How long requests in flight may take to end after that."""
    key_pepper: SecretText | None = None
    """What the hashes of new keys are made with."""
    key_pepper_previous: SecretText | None = None
    """The one before, whose keys still hold."""
    signing_folder: Path = Path("var/signing")
    """Where the private keys that sign stand, each in a file that only its owner reads."""
    second_approver: bool = False
    """Whether another key has to approve what is published."""
    publisher_name: Annotated[str, Meta(min_length=1, max_length=200)] = "Actitud"
    """The body that publishes, as the descriptions of the data name it."""
    publisher_dir3: Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9][0-9]{7}\Z")] | None = None
    """Its DIR3 code: with it the catalogue follows DCAT-AP-ES."""
    rate_limit_read: Limit = 12_000
    """What a key, or an address without one, may read: all 8,131 sheets of an edition in a minute, one by one."""
    rate_limit_write: Limit = 6_000
    """What it may write: an edition is loaded in a minute and a half."""
    rate_limit_score: Limit = 6_000
    """Scores that it may have computed: more than one who waits for each can have, about 4,600."""
    rate_limit_refused: Limit = 60
    """Keys that are refused of an address before it is told to wait."""

    def __repr__(self) -> str:
        hidden = {"database_url"}
        shown = (f"{name}={'***' if name in hidden else repr(getattr(self, name))}" for name in self.__struct_fields__)
        return f"Settings({', '.join(shown)})"

    @property
    def peppers(self) -> tuple[SecretText, ...]:
        """What hashes of keys may be made with, newest first; empty where nothing is set."""
        return tuple(pepper for pepper in (self.key_pepper, self.key_pepper_previous) if pepper is not None)


class Fault(Struct, frozen=True):
    """Something wrong with the settings: where (a variable, or a file and a name in it) and what.

    `name`: the setting. `value`: what is there, never a secret. `nearest`: the name that was perhaps meant.
    """

    place: str
    code: Literal["unknown", "invalid", "unreadable"]
    name: str | None = None
    value: str | None = None
    nearest: str | None = None


class FaultySettings(ValueError):
    """Settings that cannot be used; `faults` names all that is wrong."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(describe(fault, "en") for fault in faults))
        self.faults = faults


_LIMIT: Final = Texts(
    "un número de peticiones por minuto, de 0 (sin límite) a 1000000",
    "a number of requests a minute, 0 (no limit) to 1000000",
)
FORMS: Final = {
    "database_url": Texts("una URL de base de datos, como sqlite:///<ruta>", "a database URL, as sqlite:///<path>"),
    "public_url": Texts("una URL http o https sin ruta ni consulta", "an http or https URL without path or query"),
    "contact": Texts(
        "una dirección de correo, o la de una página (https)", "a mail address, or that of a page (https)"
    ),
    "host": Texts("una dirección o un nombre de máquina", "an address or a host name"),
    "port": Texts("un puerto, de 1 a 65535", "a port, 1 to 65535"),
    "trusted_proxies": Texts(
        "una lista de direcciones o redes, y nunca todas", "a list of addresses or networks, and never all of them"
    ),
    "drain": Texts("un número de segundos, de 0 a 60", "a number of seconds, 0 to 60"),
    "grace": Texts("un número de segundos, de 21 a 600", "a number of seconds, 21 to 600"),
    "key_pepper": Texts("un secreto de 32 caracteres o más", "a secret of 32 characters or more"),
    "key_pepper_previous": Texts("un secreto de 32 caracteres o más", "a secret of 32 characters or more"),
    "signing_folder": Texts("una carpeta", "a folder"),
    "second_approver": Texts("true o false", "true or false"),
    "publisher_name": Texts("un nombre de 1 a 200 caracteres", "a name of 1 to 200 characters"),
    "publisher_dir3": Texts("un código DIR3, como L01280796", "a DIR3 code, as L01280796"),
    "rate_limit_read": _LIMIT,
    "rate_limit_write": _LIMIT,
    "rate_limit_score": _LIMIT,
    "rate_limit_refused": _LIMIT,
}
"""What each setting has to be."""

_FAULTS: Final = {
    "unknown": Texts(
        "{place}: no hay tal ajuste; el más parecido es {nearest}",
        "{place}: there is no such setting; the nearest is {nearest}",
    ),
    "invalid": Texts("{place}: {value} no es {form}", "{place}: {value} is not {form}"),
    "unreadable": Texts("{place}: no se puede leer: {value}", "{place}: cannot be read: {value}"),
}
_HIDDEN: Final = Texts("lo que hay", "what is there")
_QUOTED: Final = Texts("«{}»", "“{}”")


def describe(fault: Fault, language: Language) -> str:
    """The fault as one line of text; it holds no secret."""
    value = fault.value
    if fault.code == "invalid":
        value = _HIDDEN.into(language) if value is None else _QUOTED.into(language).format(value)
    form = None if fault.name is None else FORMS[fault.name].into(language)
    return _FAULTS[fault.code].into(language).format(place=fault.place, nearest=fault.nearest, value=value, form=form)


def read(environment: Mapping[str, str], folder: Path, options: Mapping[str, str] | None = None) -> Settings:
    """The settings that a file, the environment and options of the command line say; the later wins.

    `folder`: where a relative file is looked for. `options`: texts by the name of their setting, for `--<name>`.
    Raises `FaultySettings` with every fault of all of them.
    """
    fields = {field.name: field for field in msgspec.structs.fields(Settings)}
    faults: list[Fault] = []
    values: dict[str, object] = {}
    values |= _of_file(environment, folder, fields, faults)
    values |= _of_environment(environment, fields, faults)
    for name, text in (options or {}).items():
        values |= _converted(f"--{name.removesuffix('_url')}", fields[name], text, faults, strict=False)
    if faults:
        raise FaultySettings(faults)
    return Settings(**values)  # type: ignore[arg-type]  # each value was converted to the type of its field


def _of_environment(
    environment: Mapping[str, str], fields: Mapping[str, FieldInfo], faults: list[Fault]
) -> dict[str, object]:
    values: dict[str, object] = {}
    variables = {PREFIX + name.upper(): field for name, field in fields.items()}
    for variable in sorted(name for name in environment if name.startswith(PREFIX)):
        if variable == FILE_VARIABLE or variable in CLIENT_VARIABLES:
            continue
        if variable not in variables:
            faults.append(Fault(variable, "unknown", nearest=_nearest(variable, [*variables, FILE_VARIABLE])))
            continue
        field, text = variables[variable], environment[variable]
        given = [part.strip() for part in text.split(",") if part.strip()] if _is_list(field) else text
        values |= _converted(variable, field, given, faults, strict=False)
    return values


def _of_file(
    environment: Mapping[str, str], folder: Path, fields: Mapping[str, FieldInfo], faults: list[Fault]
) -> dict[str, object]:
    named = environment.get(FILE_VARIABLE)
    file = folder / (named or FILE)
    if named is None and not file.exists():
        return {}
    shown = named or FILE
    try:
        given = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        faults.append(Fault(shown, "unreadable", value=reason))
        return {}
    values: dict[str, object] = {}
    for name, value in given.items():
        place = f"{shown}: {name}"
        if name in fields:
            values |= _converted(place, fields[name], value, faults, strict=True)
        else:
            faults.append(Fault(place, "unknown", nearest=_nearest(name, list(fields))))
    return values


def _converted(place: str, field: FieldInfo, given: object, faults: list[Fault], *, strict: bool) -> dict[str, object]:
    """The name and value of a setting; nothing but a fault where the value is not one of its type."""
    try:
        return {field.name: msgspec.convert(given, field.type, strict=strict, dec_hook=_special)}
    except msgspec.ValidationError:
        faults.append(Fault(place, "invalid", field.name, None if _is_secret(field) else str(given)))
        return {}


def _special(kind: type, given: object) -> object:
    """A value of a type of ours from the text of it."""
    make: Callable[[str], object] = kind
    if not isinstance(given, str) or not given:
        raise ValueError("not a text, or nothing in it")
    return make(given)


def _is_list(field: FieldInfo) -> bool:
    return get_origin(field.type) is tuple


def _is_secret(field: FieldInfo) -> bool:
    """Whether the value must not be shown: of a URL of a database, the password."""
    return field.name == "database_url" or field.type == SecretText | None


def _nearest(name: str, names: list[str]) -> str:
    return difflib.get_close_matches(name, names, n=1, cutoff=0)[0]
