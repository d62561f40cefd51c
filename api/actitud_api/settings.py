"""Settings of the service, read from a TOML file and from the environment, which takes precedence.

Environment variables are named `ACTITUD_<NAME IN CAPITALS>`. The file is `actitud.toml` in the working folder, or the
file that `ACTITUD_CONFIG` names; it uses the names of the fields. `docs/configuration.md` explains each setting.
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
CONFIG_FILE: Final = "actitud.toml"
FILE_VARIABLE: Final = f"{PREFIX}CONFIG"
"""Environment variable with the path of another settings file."""

CLIENT_VARIABLES: Final = frozenset({f"{PREFIX}BASE_URL", f"{PREFIX}API_KEY", f"{PREFIX}TIMEOUT", f"{PREFIX}LOG"})
"""Variables of the SDK, ignored here: client and service may share an environment."""

MAX_REQUEST_SECONDS: Final = 20
"""Longest time in seconds that a request may take: 10 for a connection and 10 for the lock of the database."""


class Network(str):
    """IP address or network of clients or proxies, as text; never the network of all addresses."""

    __slots__ = ()

    def __new__(cls, text: str) -> Network:
        """Return the address or network in a text.

        Raises:
            ValueError: The text is neither an address nor a network, or is the network of all addresses.
        """
        # Trusting every address would let each client choose the address that its requests are counted for, and show
        # everybody what is for the operator.
        if ip_network(text).prefixlen == 0:
            raise ValueError("every address")
        return super().__new__(cls, text)


_CONTACT: Final = (
    r"^([A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+|https://[^/?#\\\s\"'<>@]+(/[^\\\s\"'<>]*)?)\Z"
)
"""Pattern of an e-mail address or the URL of an https page."""

RequestLimit = Annotated[int, Meta(ge=0, le=1_000_000)]
"""Highest number of requests per minute; 0 for no limit."""


class Settings(Struct, frozen=True, kw_only=True):
    """Settings of one process, which `docs/configuration.md` explains one by one.

    An optional setting that is not set is None. `drain`, `grace` and `stale_if_error` are in seconds. A `rate_limit_…`
    is a number of requests per minute; 0 for no limit, also for `suggestions_per_day`. `files_bytes` and `memory_bytes`
    are the most bytes that generated files and kept responses may take; 0 to keep none.
    """

    database_url: Annotated[str, Meta(pattern="^[a-z][a-z0-9+]*://.")] = "sqlite:///var/actitud.sqlite3"
    """SQLAlchemy URL of the database; it may contain a password."""
    public_url: Annotated[str, Meta(pattern=r"^https?://[^/?#\\\s]+/?\Z")] | None = None
    """Scheme and authority of absolute links; if None, the scheme and authority of each request are used."""
    contact: Annotated[str, Meta(max_length=254, pattern=_CONTACT)] | None = None
    """E-mail address or page for questions about published data; it is published, so it must not be personal."""
    host: Annotated[str, Meta(pattern="^[0-9A-Za-z.:_-]+$")] = "127.0.0.1"
    """Address to listen on."""
    port: Annotated[int, Meta(ge=1, le=65535)] = 8000
    """Port to listen on."""
    workers: Annotated[int, Meta(ge=1, le=64)] = 1
    """Number of processes that serve; more than one need PostgreSQL."""
    trusted_proxies: tuple[Network, ...] = ()
    """Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are trusted."""
    drain: Annotated[int, Meta(ge=0, le=60)] = 2
    """Seconds after the stop signal in which requests are still accepted, while `/readyz` answers 503."""
    grace: Annotated[int, Meta(gt=MAX_REQUEST_SECONDS, le=600)] = 30
    """Seconds after the drain in which requests in progress may end."""
    key_pepper: SecretText | None = None
    """Pepper: HMAC key with which the secrets of new access keys are hashed; None for no pepper."""
    key_pepper_previous: SecretText | None = None
    """Previous pepper, or None; keys created with it stay valid."""
    signing_folder: Path = Path("var/signing")
    """Folder of the private signing keys, each in a file that only its owner may read."""
    files_folder: Path = Path("var/files")
    """Folder of the files that were made of published editions; nothing in it has to be kept."""
    files_bytes: Annotated[int, Meta(ge=0, le=2**40)] = 2**30
    """Highest number of bytes in that folder; 0 to keep no files."""
    runs_jobs: bool = True
    """True if the service does its jobs itself; False if `actitud-api worker` does, which needs PostgreSQL.

    A service on a file always does them itself.
    """
    second_approver: bool = False
    """True if a publication needs the approval of a second publisher."""
    publisher_name: Annotated[str, Meta(min_length=1, max_length=200)] = "Actitud"
    """Name of the publishing body in the descriptions of the data."""
    publisher_dir3: Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9][0-9]{7}\Z")] | None = None
    """DIR3 code (Spanish register of public bodies) of the publishing body, or None.

    If it is set, the catalogue follows DCAT-AP-ES, the Spanish profile of the catalogue vocabulary DCAT.
    """
    rate_limit_read: RequestLimit = 12_000
    """Reads per minute and key or address: enough for the 8,131 score sheets of an edition one by one."""
    rate_limit_write: RequestLimit = 6_000
    """Writes per minute and key: enough to load an edition in a minute and a half."""
    rate_limit_score: RequestLimit = 6_000
    """Score computations per minute and key or address; a client that waits for each response needs about 4,600."""
    rate_limit_refused: RequestLimit = 60
    """Requests with an invalid key per minute and address; more get 429."""
    suggestions_per_day: Annotated[int, Meta(ge=0, le=10_000)] = 5
    """Suggestions that one key may make in 24 hours; 0 for no limit."""
    memory_bytes: Annotated[int, Meta(ge=0, le=2**36)] = 64 * 2**20
    """Bytes of memory that answers to public reads may take; 0 to keep none."""
    stale_if_error: Annotated[int, Meta(ge=0, le=86_400)] = 60
    """Seconds for which answers from memory are given while the database does not answer."""
    metrics_networks: tuple[Network, ...] = ()
    """Addresses and networks that may read `/metrics`, without a proxy in between; none if it is empty."""
    access_log: bool = False
    """True to log a line for each request."""

    def __repr__(self) -> str:
        hidden = {"database_url"}
        parts = (f"{name}={'***' if name in hidden else repr(getattr(self, name))}" for name in self.__struct_fields__)
        return f"Settings({', '.join(parts)})"

    @property
    def address(self) -> str:
        """Address of the service as a URL for a browser on this machine, such as `http://127.0.0.1:8000`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def peppers(self) -> tuple[SecretText, ...]:
        """Peppers (secrets for the hashes of access keys) that are valid, newest first; empty if none is set."""
        return tuple(pepper for pepper in (self.key_pepper, self.key_pepper_previous) if pepper is not None)


class SettingsFault(Struct, frozen=True):
    """Fault of one setting, or of the whole settings file.

    Attributes:
        code: `unknown` for a name that is no setting, `invalid` for a value that is not allowed, `unreadable` for a
            file that cannot be read.
        place: The environment variable, the option, or the file and a name in it.
        name: The setting, None if it is unknown.
        value: Text of the setting, None for a secret or an unknown setting; for `unreadable`, the reason.
        nearest: The most similar known name if the name is unknown, else None.
    """

    place: str
    code: Literal["unknown", "invalid", "unreadable"]
    name: str | None = None
    value: str | None = None
    nearest: str | None = None


class FaultySettings(ValueError):
    """Raised by `read_settings` if settings are faulty; `faults` lists every fault."""

    def __init__(self, faults: list[SettingsFault]) -> None:
        super().__init__("; ".join(describe_fault(fault, "en") for fault in faults))
        self.faults = faults


_LIMIT: Final = Texts(
    "un número de peticiones por minuto, de 0 (sin límite) a 1000000",
    "a number of requests a minute, 0 (no limit) to 1000000",
)
_NETWORKS: Final = Texts(
    "una lista de direcciones o redes, y nunca todas", "a list of addresses or networks, and never all of them"
)
EXPECTED_FORMS: Final = {
    "database_url": Texts("una URL de base de datos, como sqlite:///<ruta>", "a database URL, as sqlite:///<path>"),
    "public_url": Texts("una URL http o https sin ruta ni consulta", "an http or https URL without path or query"),
    "contact": Texts(
        "una dirección de correo, o la de una página (https)", "a mail address, or that of a page (https)"
    ),
    "host": Texts("una dirección o un nombre de máquina", "an address or a host name"),
    "port": Texts("un puerto, de 1 a 65535", "a port, 1 to 65535"),
    "workers": Texts("un número de procesos, de 1 a 64", "a number of processes, 1 to 64"),
    "trusted_proxies": _NETWORKS,
    "drain": Texts("un número de segundos, de 0 a 60", "a number of seconds, 0 to 60"),
    "grace": Texts("un número de segundos, de 21 a 600", "a number of seconds, 21 to 600"),
    "key_pepper": Texts("un secreto de 32 caracteres o más", "a secret of 32 characters or more"),
    "key_pepper_previous": Texts("un secreto de 32 caracteres o más", "a secret of 32 characters or more"),
    "signing_folder": Texts("una carpeta", "a folder"),
    "files_folder": Texts("una carpeta", "a folder"),
    "files_bytes": Texts(
        "un número de bytes, de 0 (ninguno) a 1099511627776", "a number of bytes, 0 (none) to 1099511627776"
    ),
    "runs_jobs": Texts("true o false", "true or false"),
    "second_approver": Texts("true o false", "true or false"),
    "publisher_name": Texts("un nombre de 1 a 200 caracteres", "a name of 1 to 200 characters"),
    "publisher_dir3": Texts("un código DIR3, como L01280796", "a DIR3 code, as L01280796"),
    "rate_limit_read": _LIMIT,
    "rate_limit_write": _LIMIT,
    "rate_limit_score": _LIMIT,
    "rate_limit_refused": _LIMIT,
    "suggestions_per_day": Texts(
        "un número de propuestas en 24 horas, de 0 (sin límite) a 10000",
        "a number of suggestions in 24 hours, 0 (no limit) to 10000",
    ),
    "memory_bytes": Texts(
        "un número de bytes, de 0 (ninguno) a 68719476736", "a number of bytes, 0 (none) to 68719476736"
    ),
    "stale_if_error": Texts("un número de segundos, de 0 a 86400", "a number of seconds, 0 to 86400"),
    "metrics_networks": _NETWORKS,
    "access_log": Texts("true o false", "true or false"),
}
"""Valid values of each setting, in words."""

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


def describe_fault(fault: SettingsFault, language: Language) -> str:
    """Describe a fault of the settings in one line, without secrets; for an invalid value, name the valid values."""
    value = fault.value
    if fault.code == "invalid":
        value = _HIDDEN.into(language) if value is None else _QUOTED.into(language).format(value)
    form = None if fault.name is None else EXPECTED_FORMS[fault.name].into(language)
    return _FAULTS[fault.code].into(language).format(place=fault.place, nearest=fault.nearest, value=value, form=form)


def read_settings(environment: Mapping[str, str], folder: Path, options: Mapping[str, str] | None = None) -> Settings:
    """Return the settings from a file, the environment and command-line options; the later source takes precedence.

    Args:
        environment: Environment variables.
        folder: Folder in which a relative name of the settings file is looked up.
        options: Texts of `--<name>` options, by the name of their setting; None for no options.

    Raises:
        FaultySettings: Some settings are faulty; it lists the faults of all sources.
    """
    fields = {field.name: field for field in msgspec.structs.fields(Settings)}
    faults: list[SettingsFault] = []
    values: dict[str, object] = {}
    values |= _read_file(environment, folder, fields, faults)
    values |= _read_environment(environment, fields, faults)
    for name, text in (options or {}).items():
        values |= _convert_value(f"--{name.removesuffix('_url')}", fields[name], text, faults, strict=False)
    if faults:
        raise FaultySettings(faults)
    return Settings(**values)  # type: ignore[arg-type]  # each value was converted to the type of its field


def _read_environment(
    environment: Mapping[str, str], fields: Mapping[str, FieldInfo], faults: list[SettingsFault]
) -> dict[str, object]:
    values: dict[str, object] = {}
    variables = {PREFIX + name.upper(): field for name, field in fields.items()}
    # Sorted, so that faults are reported in the same order on every start.
    for variable in sorted(name for name in environment if name.startswith(PREFIX)):
        if variable == FILE_VARIABLE or variable in CLIENT_VARIABLES:
            continue
        if variable not in variables:
            faults.append(
                SettingsFault(variable, "unknown", nearest=_find_nearest(variable, [*variables, FILE_VARIABLE]))
            )
            continue
        field, text = variables[variable], environment[variable]
        value = [part.strip() for part in text.split(",") if part.strip()] if _is_list(field) else text
        values |= _convert_value(variable, field, value, faults, strict=False)
    return values


def _read_file(
    environment: Mapping[str, str], folder: Path, fields: Mapping[str, FieldInfo], faults: list[SettingsFault]
) -> dict[str, object]:
    file_name = environment.get(FILE_VARIABLE)
    file = folder / (file_name or CONFIG_FILE)
    # A missing default file is normal; a missing file that was named is a fault.
    if file_name is None and not file.exists():
        return {}
    label = file_name or CONFIG_FILE
    try:
        content = tomllib.loads(file.read_text("utf-8"))
    # An integer of thousands of digits is a plain ValueError, deep nesting a RecursionError.
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        faults.append(SettingsFault(label, "unreadable", value=reason))
        return {}
    values: dict[str, object] = {}
    # Strict types in the file: TOML has numbers and booleans, so "8000" in quotes is a mistake.
    for name, value in content.items():
        place = f"{label}: {name}"
        if name in fields:
            values |= _convert_value(place, fields[name], value, faults, strict=True)
        else:
            faults.append(SettingsFault(place, "unknown", nearest=_find_nearest(name, list(fields))))
    return values


def _convert_value(
    place: str, field: FieldInfo, value: object, faults: list[SettingsFault], *, strict: bool
) -> dict[str, object]:
    """Return a setting as `{name: value}`; if the value is invalid, add a fault and return an empty dict.

    `place` is named in the fault. `strict`: refuse a text where a number or a boolean is expected. A settings
    file is read strictly, because it has numbers; an environment variable has only text.
    """
    try:
        return {field.name: msgspec.convert(value, field.type, strict=strict, dec_hook=_decode_custom_type)}
    except msgspec.ValidationError:
        faults.append(SettingsFault(place, "invalid", field.name, None if _is_secret(field) else str(value)))
        return {}


def _decode_custom_type(kind: type, text: object) -> object:
    """Return a value of a type with its own constructor, such as `Network`, made from its text.

    Raises:
        ValueError: The value is not a text, or is empty.
    """
    make: Callable[[str], object] = kind
    if not isinstance(text, str) or not text:
        raise ValueError("not a text, or nothing in it")
    return make(text)


def _is_list(field: FieldInfo) -> bool:
    return get_origin(field.type) is tuple


def _is_secret(field: FieldInfo) -> bool:
    """Return True if the value of a setting must not be shown; a database URL may contain a password."""
    return field.name == "database_url" or field.type == SecretText | None


def _find_nearest(name: str, names: list[str]) -> str:
    return difflib.get_close_matches(name, names, n=1, cutoff=0)[0]
