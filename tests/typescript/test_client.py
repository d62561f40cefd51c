"""The TypeScript client against a running service, in node and in a browser; by night: npm installs its tools."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from litestar import Litestar
from playwright.sync_api import sync_playwright

from actitud import Client
from tests.browser.chromium import program
from tests.browser.hosts import Host, hosting
from tests.support.node import run_node, run_npm
from tests.support.serving import served

pytestmark = pytest.mark.night

ROOT: Final = Path(__file__).parents[2]
SOURCE: Final = ROOT / "sdk" / "typescript"
FACTS: Final = ROOT / "openapi" / "examples" / "scores.create.request.json"
ORGANISATION: Final = "XX-DEMO-00100"
LARGEST_BUNDLE: Final = 64_000
"""Bytes of the main flow with the client, minified: 61,100 with 121 operations, which it has all."""
LARGEST_SENT: Final = 9_500
"""The same compressed: 9,000."""
LARGEST_PACKAGE: Final = 140_000
"""Bytes of the package that is installed: 109,000, nearly all of it types."""

Seen = dict[str, Any]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the package that `make typescript` makes."""
    folder = tmp_path_factory.mktemp("package")
    if not (SOURCE / "node_modules").is_dir():
        run_npm("ci", folder=SOURCE)
    run_npm("run", "build", folder=SOURCE)
    shutil.copy(ROOT / "LICENSE", SOURCE)
    run_npm("pack", "--pack-destination", folder, folder=SOURCE)
    (made,) = folder.glob("*.tgz")
    return made


@pytest.fixture(scope="module")
def project(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a program that has installed the package and has nothing else."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "package.json").write_text('{"type": "module", "private": true}', encoding="utf-8")
    run_npm("install", "--offline", "--no-audit", "--no-fund", package, folder=folder)
    for file in (SOURCE / "test").glob("*.ts"):
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


@pytest.fixture(scope="module")
def bundle(project: Path) -> str:
    """Return the main flow and the client as one minified script, as a page loads it."""
    esbuild = SOURCE / "node_modules" / "esbuild" / "bin" / "esbuild"
    options = ("--bundle", "--minify", "--format=esm", "--platform=browser", "--outfile=flow.js")
    done = run_node(esbuild, "flow.ts", *options, folder=project)
    assert done.returncode == 0, done.stderr
    return (project / "flow.js").read_text("utf-8")


@pytest.fixture(scope="module")
def service(app: Litestar) -> Iterator[str]:
    """The address of the service with the demonstration."""
    with served(app) as address:
        yield address


@pytest.fixture(scope="module")
def in_node(project: Path, service: str) -> Seen:
    """Return what the main flow sees in node."""
    done = run_node("node.ts", service, ORGANISATION, FACTS, folder=project)
    assert done.returncode == 0, done.stderr
    seen: Seen = json.loads(done.stdout)
    return seen


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """A page of another origin."""
    with hosting() as made:
        yield made


@pytest.fixture(scope="module")
def in_browser(bundle: str, service: str, host: Host) -> Seen:
    """Return what the main flow sees in a page of another origin."""
    script = host.put_script(bundle)
    run = """async ([script, ...given]) => (await import(script)).flow(...given)"""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=["--no-sandbox"])
        page = browser.new_page(locale="es-ES")
        page.goto(host.put("<p>A dashboard.</p>"))
        seen: Seen = page.evaluate(run, [script, service, ORGANISATION, json.loads(FACTS.read_text("utf-8"))])
        browser.close()
    return seen


def test_the_main_flow_sees_what_the_python_client_sees(in_node: Seen, service: str) -> None:
    with Client(base_url=service, lang="en") as client:
        rows = [row.organisation for row in client.editions.scores.list("latest", limit=100)]
        sheet = client.editions.scores.get("latest", ORGANISATION)
    assert in_node["scored"] == 72.71
    assert in_node["reasons"] > 0
    assert in_node["ranking"] == rows[:5]
    assert in_node["sheet"] == {"index": sheet.index, "level": sheet.level_details.name, "organisation": ORGANISATION}
    assert in_node["history"] == ["2026-demo"]
    assert in_node["table"].count("\n") == 3  # the names of the columns and two rows


def test_a_list_goes_on_to_its_last_page(in_node: Seen, service: str) -> None:
    with Client(base_url=service) as client:
        rows = [row.organisation for row in client.editions.scores.list("latest", limit=100)]
    assert len(rows) > 100
    assert in_node["rows"] == rows
    assert in_node["pages"] == -(-len(rows) // 100)


def test_a_badge_is_a_picture_at_the_address(in_node: Seen, service: str) -> None:
    badge = in_node["badge"]
    assert badge["address"] == f"{service}/badge/latest/{ORGANISATION}.svg?lang=en"
    assert badge["type"].startswith("image/svg+xml")
    assert badge["picture"].startswith("<svg")


def test_a_refusal_is_an_error_with_its_kind_and_every_fault(in_node: Seen) -> None:
    assert (in_node["missing"]["kind"], in_node["missing"]["status"]) == ("not-found", 404)
    assert in_node["missing"]["detail"]
    assert in_node["faults"] == ["/answers/D1.07/denominator", "/answers/D1.07/numerator"]
    assert "edición" in in_node["spanish"]


def test_the_ten_lines_of_the_readme_run_as_they_stand(project: Path, service: str) -> None:
    (lines,) = re.findall(r"^```ts\n(.*?)^```", (SOURCE / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    (project / "lines.ts").write_text(lines.replace("http://127.0.0.1:8000", service), encoding="utf-8")
    done = run_node("lines.ts", folder=project)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.match(r"\d+ \S", done.stdout)  # rank and name


def test_a_page_of_another_origin_sees_the_same(in_browser: Seen, in_node: Seen) -> None:
    assert in_browser == in_node


def test_the_compiler_refuses_what_the_service_would_refuse() -> None:
    done = run_node("node_modules/typescript/bin/tsc", "--project", "test", folder=SOURCE)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_client_is_small(bundle: str, package: Path) -> None:
    assert len(bundle) < LARGEST_BUNDLE
    assert len(gzip.compress(bundle.encode(), 9)) < LARGEST_SENT
    assert package.stat().st_size < LARGEST_PACKAGE


def test_the_package_needs_nothing_and_has_readme_and_licence(package: Path) -> None:
    with tarfile.open(package) as archive:
        names = {name.removeprefix("package/") for name in archive.getnames()}
        described = archive.extractfile("package/package.json")
        assert described is not None
        told = json.load(described)
    assert {"README.md", "LICENSE", "dist/index.js", "dist/index.d.ts"} <= names
    assert {name.partition("/")[0] for name in names} == {"README.md", "LICENSE", "dist", "package.json"}
    assert (told["name"], told["type"], told["license"]) == ("@actitud/client", "module", "EUPL-1.2")
    assert "dependencies" not in told
    assert "peerDependencies" not in told
