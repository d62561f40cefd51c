"""What is in deploy/ fits the code: its settings exist, its commands parse, its times are in the right order."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Final

import pytest
from ruamel.yaml import YAML
from sqlalchemy.engine import make_url

from actitud_api.app import BODY_MAX, create_app
from actitud_api.cli import copying
from actitud_api.cli.parsers import build_parser
from actitud_api.cli.server import build_configuration
from actitud_api.platform.http.access import handlers_of
from actitud_api.platform.jobs.runner import STOP_SECONDS
from actitud_api.platform.storage.grants import SERVING
from actitud_api.platform.storage.urls import find_database_file
from actitud_api.resources.webhooks.addresses import is_public_address
from actitud_api.settings import FILE_VARIABLE, MAX_REQUEST_SECONDS, Settings, read_settings
from tests.faults.serving import ONE_POOL
from tests.http.toys import toy_app
from tests.http.webhooks.test_targets import INSIDE, OUTSIDE
from tests.support import proxy
from tests.support.figures import FigureRecorder

DEPLOY = Path(__file__).parents[2] / "deploy"


def of_unit(name: str) -> configparser.ConfigParser:
    """A unit of systemd."""
    parsed = configparser.ConfigParser(strict=False, interpolation=None)
    parsed.optionxform = str  # type: ignore[assignment,method-assign]  # as documented
    parsed.read(DEPLOY / "systemd" / name, "utf-8")
    return parsed


@pytest.fixture
def unit() -> configparser.SectionProxy:
    return of_unit("actitud.service")["Service"]


def test_the_file_of_settings_holds() -> None:
    settings = read_settings({FILE_VARIABLE: "actitud.toml"}, DEPLOY)
    assert settings.trusted_proxies == ("127.0.0.1", "::1")
    assert find_database_file(settings.database_url) == Path("/var/lib/actitud/actitud.sqlite3")


def test_the_unit_serves_and_gives_it_time_to_stop(unit: configparser.SectionProxy) -> None:
    _, *command = shlex.split(unit["ExecStart"])
    assert build_parser("en").parse_args(command)
    assert unit["Environment"].partition("=")[0] == FILE_VARIABLE
    assert unit["Environment"].split()[1:] == ["=".join(ONE_POOL)]
    assert f"ENV {'='.join(ONE_POOL)}\n" in (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    settings = read_settings({FILE_VARIABLE: "actitud.toml"}, DEPLOY)
    assert int(unit["TimeoutStopSec"]) > settings.drain + settings.grace
    assert unit["StateDirectory"] == "actitud"


def test_the_unit_of_the_checkpoint_is_like_that_of_the_service(unit: configparser.SectionProxy) -> None:
    """It runs as the same user with the same settings, and the timer names it by its own name."""
    service = of_unit("actitud-checkpoint.service")
    _, *command = shlex.split(service["Service"]["ExecStart"])
    assert build_parser("en").parse_args(command)
    for name in ("User", "Group", "StateDirectory", "WorkingDirectory", "Environment", "ProtectSystem"):
        assert service["Service"][name] == unit[name]
    # By itself it would go to the same file, and beside a service on SQLite the command says that it made none.
    assert service["Service"]["StandardError"] == "journal"
    written = Path(service["Service"]["StandardOutput"].removeprefix("append:"))
    settings = read_settings({FILE_VARIABLE: "actitud.toml"}, DEPLOY)
    assert written.parent == settings.signing_folder.parent == Path("/var/lib/actitud")
    assert of_unit("actitud-checkpoint.timer")["Timer"]["OnCalendar"].endswith(" UTC")


PURPOSE: Final = {"Type", "ExecStart", "StandardOutput", "StandardError", "MemoryMax", "KillMode", "TimeoutStopSec"}
"""What units of one user differ in, apart from how they are started again."""


def exposure(unit: Path) -> float:
    """What systemd says of the confinement of a unit, from 0 (confined) to 10."""
    command = ["systemd-analyze", "security", "--offline=true", str(unit)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert found is not None, done.stderr
    return float(found[1])


def test_the_unit_of_the_worker_is_like_that_of_the_service(unit: configparser.SectionProxy) -> None:
    worker = of_unit("actitud-worker.service")["Service"]
    _, *command = shlex.split(worker["ExecStart"])
    assert build_parser("en").parse_args(command)
    assert int(worker["TimeoutStopSec"]) > STOP_SECONDS
    others = ("ExecStart", "TimeoutStopSec")
    assert {name: value for name, value in worker.items() if name not in others} == {
        name: value for name, value in unit.items() if name not in others
    }


def test_both_units_are_confined_alike_and_their_files_are_for_their_owner(
    unit: configparser.SectionProxy, tmp_path: Path, figure: FigureRecorder
) -> None:
    checkpoint = of_unit("actitud-checkpoint.service")["Service"]
    confined = {name: value for name, value in unit.items() if name not in PURPOSE and not name.startswith("Restart")}
    assert {name: value for name, value in checkpoint.items() if name not in PURPOSE} == confined
    assert (unit["UMask"], unit["StateDirectoryMode"]) == ("0077", "0700")
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze")
    names = ("actitud.service", "actitud-checkpoint.service")
    now = [exposure(DEPLOY / "systemd" / name) for name in names]
    bare = tmp_path / "actitud.service"
    bare.write_text("[Service]\nUser=actitud\nExecStart=/bin/true\n", "utf-8")
    assert max(now) <= 1.5
    figure(
        "S25",
        f"units that systemd-analyze rates above 1.5; it says {now[0]} and {now[1]} (before: 2.4 and 5.5)",
        tried=len(now),
        failed=0,
        control=f"a unit with no more than a user gets {exposure(bare)}",
    )


def test_the_container_serves_with_settings_that_exist(tmp_path: Path) -> None:
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    said = dict(re.findall(r"(ACTITUD_\w+)=(\S+)", text))
    settings = read_settings(said, tmp_path)
    assert find_database_file(settings.database_url) == Path("/var/lib/actitud/actitud.sqlite3")
    assert (settings.host, settings.port) == ("0.0.0.0", 8000)
    assert settings.signing_folder == Path("/var/lib/actitud/signing")
    assert "VOLUME /var/lib/actitud\n" in text
    assert 'ENTRYPOINT [".venv/bin/actitud-api"]\nCMD ["serve"]' in text


@pytest.mark.parametrize("page", ["README.md", "../README.md", "../README.es.md"])
def test_the_commands_of_the_pages_parse(page: str) -> None:
    text = (DEPLOY / page).read_text("utf-8")
    blocks = "".join(re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    commands = [
        shlex.split(found) for found in re.findall(r"(?:^|&& |bin/)actitud-api ([a-z][^&\n]*)", blocks, re.MULTILINE)
    ]
    commands += [shlex.split(found) for found in re.findall(r" actitud (init|demo)$", blocks, re.MULTILINE)]
    migrating = " compose --profile migration run --rm migration (.+)$"
    commands += [shlex.split(found) for found in re.findall(migrating, blocks, re.MULTILINE)]
    assert len(commands) >= (12 if page == "README.md" else 0)
    for command in commands:
        assert build_parser("en").parse_args(command)


def test_the_page_exports_nothing_to_the_commands_that_follow() -> None:
    """The service refuses a variable that is no setting, such as the passwords that `roles.sql` takes."""
    assert not re.search("^ *export ACTITUD_", (DEPLOY / "README.md").read_text("utf-8"), re.MULTILINE)


# --- compose --------------------------------------------------------------------------------------------------

SECRET: Final = "0123456789abcdef" * 4


def loaded(name: str) -> dict[str, Any]:
    """A compose file, read strictly: no member twice."""
    document: dict[str, Any] = YAML(typ="safe", pure=True).load(DEPLOY / name)
    return document


@pytest.fixture
def services() -> dict[str, Any]:
    found: dict[str, Any] = loaded("compose.yaml")["services"]
    return found


def test_the_service_of_compose_reaches_its_database_and_believes_its_proxy(
    services: dict[str, Any], tmp_path: Path
) -> None:
    said = {
        name: re.sub(r"\$\{\w+:-([^}]+)\}", r"\1", re.sub(r"\$\{\w+:\?[^}]+\}", SECRET, value))
        for name, value in services["service"]["environment"].items()
    }
    settings = read_settings(said, tmp_path)
    database, url = services["database"]["environment"], make_url(settings.database_url)
    assert url.drivername == "postgresql+psycopg"
    assert (url.host, url.port) == ("database", None)
    assert (url.username, url.database) == (SERVING, database["POSTGRES_DB"])
    assert "${ACTITUD_SERVING_PASSWORD:" in services["service"]["environment"]["ACTITUD_DATABASE_URL"]
    owner = make_url(re.sub(r"\$\{\w+:\?[^}]+\}", SECRET, services["migration"]["environment"]["ACTITUD_DATABASE_URL"]))
    assert (owner.username, owner.host, owner.database) == ("actitud_owner", url.host, url.database)
    assert services["migration"]["volumes"] == services["service"]["volumes"]
    # `init` names the ledger after it, and hashes the first key with the pepper.
    for name in ("ACTITUD_PUBLIC_URL", "ACTITUD_KEY_PEPPER"):
        assert services["migration"]["environment"][name] == services["service"]["environment"][name]
    # The file of the roles reads both passwords, and nobody's is that of the superuser.
    roles = (DEPLOY / "postgresql" / "roles.sql").read_text("utf-8")
    passwords = re.findall(r"^\\getenv \w+ (\w+)$", roles, re.MULTILINE)
    assert {"POSTGRES_PASSWORD", *passwords} == {name for name in database if name.endswith("_PASSWORD")}
    assert all(database[name].startswith(f"${{{name}:?") for name in ("POSTGRES_PASSWORD", *passwords))
    assert set(re.findall(r"^CREATE ROLE (\w+)", roles, re.MULTILINE)) == {url.username, owner.username}
    assert database["POSTGRES_USER"] not in {url.username, owner.username}
    assert settings.key_pepper is not None
    # Unless `.env` says otherwise, it is reached where the proxy is published.
    published = services["proxy"]["ports"][0].rpartition(":")[0]
    assert settings.public_url == f"http://{published}"
    assert settings.trusted_proxies == (services["proxy"]["networks"]["front"]["ipv4_address"],)
    assert services["service"]["networks"].keys() & set(services["database"]["networks"]) == {"inside"}
    assert seconds(services["service"]["stop_grace_period"]) > settings.drain + settings.grace
    # It is read-only, and the folder of the keys that sign is on a volume with a name.
    assert services["service"]["volumes"] == ["service:/var/lib/actitud"]
    assert "service" in loaded("compose.yaml")["volumes"]


def test_no_variable_with_a_default_has_the_name_of_its_setting(services: dict[str, Any]) -> None:
    """Debian's podman-compose then hands on the text `${NAME:-default}`, which the service refuses."""
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            assert f"${{{name}:-" not in value


def test_compose_builds_the_containerfile_and_looks_after_it_as_it_says(services: dict[str, Any]) -> None:
    build = services["service"]["build"]
    file = DEPLOY / build["context"] / build["dockerfile"]
    assert file.samefile(DEPLOY / "Containerfile")
    found = re.search(
        r"HEALTHCHECK --interval=(\w+) --timeout=(\w+) --start-period=(\w+) \\\n +CMD (.+)", file.read_text("utf-8")
    )
    assert found is not None
    check = services["service"]["healthcheck"]
    assert (check["interval"], check["timeout"], check["start_period"]) == found.groups()[:3]
    kind, command = check["test"]
    assert (kind, shlex.split(command)) == ("CMD-SHELL", json.loads(found[4]))


def test_the_proxy_of_compose_has_its_files_and_finds_the_service(services: dict[str, Any]) -> None:
    assert_files_fit(services["proxy"])
    environment = services["proxy"]["environment"]
    port = re.search(r"^EXPOSE (\d+)$", (DEPLOY / "Containerfile").read_text("utf-8"), re.MULTILINE)
    assert port is not None
    assert environment["PROXY_UPSTREAM"] == f"service:{port[1]}"
    assert [published.split(":")[-1] for published in services["proxy"]["ports"]] == [environment["PROXY_LISTEN"]]
    assert all(published.startswith("127.0.0.1:") for published in services["proxy"]["ports"])
    assert_filled(environment)


def assert_filled(environment: dict[str, str]) -> None:
    """That the variables that nginx is started with are those of its template, and no others pass the filter."""
    passing = {name: value for name, value in environment.items() if re.search("^PROXY_", name)}
    assert environment.keys() - passing.keys() == {"NGINX_ENVSUBST_FILTER"}
    assert environment["NGINX_ENVSUBST_FILTER"] == "^PROXY_"
    template = (DEPLOY / "nginx" / "actitud.conf.template").read_text("utf-8")
    assert f"server {passing['PROXY_UPSTREAM']};" in proxy.filled(template, passing)


def assert_files_fit(service: dict[str, Any]) -> None:
    """That what is mounted is here, and goes where the file itself says that it belongs."""
    for volume in service["volumes"]:
        source, target, mode = volume.split(":")
        assert mode == "ro"
        if source == "./nginx/tls":
            continue
        text = (DEPLOY / source).read_text("utf-8")
        stands = target.replace("/templates/", "/conf.d/").removesuffix(".template")
        assert f"{stands}" in text.partition("\n")[0]


def test_the_addresses_of_compose_are_of_its_network_and_all_that_it_names_exists(services: dict[str, Any]) -> None:
    document = loaded("compose.yaml")
    (front,) = document["networks"]["front"]["ipam"]["config"]
    addresses = [services[name]["networks"]["front"]["ipv4_address"] for name in ("proxy", "service")]
    assert len(set(addresses)) == 2
    assert all(ip_address(address) in ip_network(front["subnet"]) for address in addresses)
    assert {name for service in services.values() for name in service["networks"]} == document["networks"].keys()
    for service in services.values():
        for needed, how in service.get("depends_on", {}).items():
            assert how == {"condition": "service_healthy"}
            assert services[needed]["healthcheck"]
    # By its socket a new database is ready before it has its roles.
    assert "--host=127.0.0.1" in services["database"]["healthcheck"]["test"]
    mounted = [volume for name in ("database", "service") for volume in services[name]["volumes"]]
    assert [volume.partition(":")[0] for volume in mounted if volume[0] != "."] == list(document["volumes"])
    assert all((DEPLOY / volume.partition(":")[0]).is_file() for volume in mounted if volume[0] == ".")
    assert all(service["mem_limit"] for service in services.values())


def test_compose_with_tls_opens_what_nginx_listens_on(services: dict[str, Any]) -> None:
    (name,) = loaded("compose.tls.yaml")["services"]
    tls = loaded("compose.tls.yaml")["services"][name]
    assert_files_fit(tls)
    assert_filled(services[name]["environment"] | tls["environment"])
    listens = re.findall(r"listen (?:\[::\]:)?(\d+)", (DEPLOY / "nginx" / "to-https.conf").read_text("utf-8"))
    listens.append(tls["environment"]["PROXY_LISTEN"].removesuffix(" ssl"))
    assert {published.split(":")[-1] for published in tls["ports"]} == set(listens)
    own = (DEPLOY / "nginx" / "tls.conf").read_text("utf-8")
    (folder,) = (volume.split(":")[1] for volume in tls["volumes"] if volume.startswith("./nginx/tls:"))
    assert set(re.findall(r"ssl_certificate(?:_key)? (.+)/\w+\.pem;", own)) == {folder}


def test_the_page_copies_postgresql_as_the_command_line_says() -> None:
    page = (DEPLOY / "README.md").read_text("utf-8")
    for said, count in ((copying.DUMP, 2), (copying.LOAD, 1)):
        options = [word for word in said.split() if not word.startswith(("--file", "--dbname", "{"))]
        assert len(re.findall(rf"database {' '.join(options)} --username=actitud_owner ", page)) == count
    # A database that `createdb` makes anew lets everybody do what `roles.sql` took from them; `--create` does not.
    assert "pg_restore --clean --if-exists --create " in page
    assert "dropdb" not in page


# --- nginx ----------------------------------------------------------------------------------------------------


def seconds(text: str) -> int:
    """A time as compose and nginx write it."""
    found = re.fullmatch(r"(\d+)s", text)
    assert found is not None
    return int(found[1])


@pytest.fixture
def said() -> Callable[[str], list[str]]:
    """What the configuration of nginx says for a directive, in its order."""
    text = (DEPLOY / "nginx" / "actitud.conf.template").read_text("utf-8")
    return lambda directive: re.findall(rf"^ *{directive} (.+);$", text, re.MULTILINE)


def test_the_limits_of_nginx_are_those_of_the_service(said: Callable[[str], list[str]]) -> None:
    assert said("client_max_body_size")[0] == "1m"
    assert BODY_MAX == 1024**2
    read_timeout, _, _, to_publish = said("proxy_read_timeout")
    assert seconds(to_publish) > seconds(read_timeout) > MAX_REQUEST_SECONDS
    kept, of_clients = said("keepalive_timeout")
    assert seconds(kept) < build_configuration(toy_app(), Settings()).timeout_keep_alive
    assert seconds(of_clients) <= 30
    for directive in ("client_header_timeout", "client_body_timeout", "send_timeout"):
        assert said(directive) == ["${PROXY_PATIENCE}s"]


def test_nginx_lets_through_every_body_that_the_service_takes() -> None:
    text = (DEPLOY / "nginx" / "actitud.conf.template").read_text("utf-8")
    locations = re.findall(r"location (=|~) (\S+) \{\n +client_max_body_size (\d+)m;", text)
    app = create_app(Settings(database_url="sqlite:///never-opened"))
    largest = {
        re.sub(r"\{[^}]+\}", "2027", route.path): size
        for route, handler in handlers_of(app)
        if (size := handler.resolve_request_max_body_size()) != BODY_MAX
    }
    assert len(largest) == len(locations) == 3
    for path, size in largest.items():
        let_through = [
            int(megabytes) * 1024**2
            for kind, pattern, megabytes in locations
            if (path == pattern if kind == "=" else re.search(pattern, path))
        ]
        assert let_through == [size], path


def test_the_page_fills_the_template_and_gives_nginx_its_connections() -> None:
    page = (DEPLOY / "README.md").read_text("utf-8")
    (filling,) = re.findall(r"^PROXY_LISTEN=.*?actitud\.conf$", page, re.MULTILINE | re.DOTALL)
    assigned = [word.partition("=") for word in shlex.split(filling.partition("envsubst")[0].replace("\\\n", " "))]
    environment = {name: value for name, _, value in assigned}
    template = (DEPLOY / "nginx" / "actitud.conf.template").read_text("utf-8")
    assert proxy.filled(template, environment)
    assert set(re.findall(r"\$(PROXY_\w+)", filling)) == environment.keys()
    assert 0 < int(environment["PROXY_PATIENCE"]) <= 30
    assert environment["PROXY_UPSTREAM"] == f"127.0.0.1:{read_settings({FILE_VARIABLE: 'actitud.toml'}, DEPLOY).port}"
    main = (DEPLOY / "nginx" / "nginx.conf").read_text("utf-8")
    for name in ("worker_connections", "worker_rlimit_nofile"):
        (number,) = re.findall(rf"^ *{name} (\d+);$", main, re.MULTILINE)
        assert f"{name} {number};" in page


def test_nginx_takes_the_configuration_with_tls(tmp_path: Path) -> None:
    main = proxy.written(tmp_path, f"127.0.0.1:{proxy.free_port()} ssl", "127.0.0.1:8000", 10)
    tls = (DEPLOY / "nginx" / "tls.conf").read_text("utf-8")
    plain = (DEPLOY / "nginx" / "to-https.conf").read_text("utf-8")
    # A path with a variable: there is no certificate, and none is read before a client comes.
    tls = tls.replace("/etc/nginx/tls", "$document_root").replace("[::]:443", f"127.0.0.1:{proxy.free_port()}")
    plain = (
        plain.replace("/var/log/nginx", str(tmp_path))
        .replace("[::]:80", f"127.0.0.1:{proxy.free_port()}")
        .replace("80 ", f"{proxy.free_port()} ")
    )
    (tmp_path / "actitud.d" / "tls.conf").write_text(tls, "utf-8")
    (tmp_path / "conf.d" / "to-https.conf").write_text(plain, "utf-8")
    command = [proxy.program(), "-t", "-p", str(tmp_path), "-c", str(main), "-e", str(tmp_path / "error.log")]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("[warn]")) == (0, 0), done.stderr


def test_with_webhooks_the_unit_reaches_public_addresses_alone() -> None:
    text = (DEPLOY / "systemd" / "webhooks.conf").read_text("utf-8")
    lines = re.findall("^IPAddressDeny=(.+)$", text, re.MULTILINE)
    denied = [ip_network(network) for line in lines for network in line.split()]
    # An empty assignment comes first: else everything would be denied as before.
    assert re.findall("^IPAddress.*$", text, re.MULTILINE)[0] == "IPAddressDeny="
    for address in (*INSIDE, *OUTSIDE):
        with suppress(ValueError):
            parsed = ip_address(address.partition("%")[0])
            is_denied = any(parsed in network for network in denied if network.version == parsed.version)
            assert is_denied is not is_public_address(address), address
