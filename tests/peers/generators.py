"""Generators of clients: each makes one of the document, a type checker reads it, and it does the main flow."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.peers.findings import Finding, list_warnings
from tests.peers.programs import CACHE, DOCUMENT, FACTS, HERE, PYTHON, TYPESCRIPT, Output, make_folder, run, run_module
from tests.support.node import NODE

_CONFIGURATION: Final = {
    "compilerOptions": {
        "target": "ES2022",
        "module": "ESNext",
        "moduleResolution": "bundler",
        "lib": ["ES2022", "DOM", "DOM.Iterable"],
        "types": ["node"],
        "strict": True,
        "noEmit": True,
        "skipLibCheck": False,
    },
    "include": ["."],
}


class Target(NamedTuple):
    """A running service: its address, an organisation of its newest edition, and a key."""

    url: str
    organisation: str
    key: str


class Result(NamedTuple):
    """A row of the table. `operations` is None if the generator makes no calls, only models."""

    name: str
    version: str
    operations: int | None
    warnings: Sequence[Finding]
    type_errors: Sequence[Finding]
    flow: Mapping[str, Any] | None
    files: int
    seconds: float
    said: str


class Generator(NamedTuple):
    """A generator of clients.

    `generate` writes the client into a folder. `count_operations` counts the operations of the client, if it has any.
    `warning` is a regular expression that matches each warning in the output.
    """

    name: str
    version: str
    generate: Callable[[Path], Output]
    count_operations: Callable[[Path], int] | None
    warning: str
    flow: str


def try_generator(generator: Generator, target: Target) -> Result:
    """Make a client, check its types and run the main flow."""
    folder = make_folder(generator.name)
    made = generator.generate(folder)
    said = made.text + made.errors
    if made.code:
        return Result(generator.name, generator.version, 0, [], [], None, 0, made.seconds, said)
    files = sum(1 for file in folder.rglob("*") if file.is_file())
    operations = generator.count_operations(folder) if generator.count_operations else None
    python = generator.flow.endswith(".py")
    for name in (generator.flow, "flow.py" if python else "flow.ts"):
        shutil.copy(HERE / "flows" / name, folder)
    checked, errors = _check_python(folder) if python else _check_typescript(folder)
    ran = _run_python(folder, generator.flow, target) if python else _run_typescript(folder, generator.flow, target)
    flow = json.loads(ran.text.splitlines()[-1]) if ran.code == 0 else None
    warnings = list_warnings(generator.warning, said)
    seconds = made.seconds + checked.seconds + ran.seconds
    printed = "\n".join((said, checked.text, ran.errors))
    return Result(generator.name, generator.version, operations, warnings, errors, flow, files, seconds, printed)


def count_documented() -> int:
    """Count the operations of the document."""
    document = json.loads(DOCUMENT.read_text("utf-8"))
    return sum(len(item) for item in document["paths"].values())


def _check_python(folder: Path) -> tuple[Output, list[Finding]]:
    checked = run(PYTHON / "mypy", "--no-incremental", "--exclude", "setup.py", ".", folder=folder)
    errors = re.findall(r"^(.+?):\d+: error: (.*?)(?:  \[([\w-]+)\])?$", checked.text, re.MULTILINE)
    return checked, [Finding(code, "type error", file, message) for file, message, code in errors]


def _check_typescript(folder: Path) -> tuple[Output, list[Finding]]:
    (folder / "tsconfig.json").write_text(json.dumps(_CONFIGURATION), encoding="utf-8")
    checked = run_module("typescript/bin/tsc", "--project", ".", folder=folder)
    errors = re.findall(r"^(.+?)\(\d+,\d+\): error (TS\d+): (.*)$", checked.text, re.MULTILINE)
    return checked, [Finding(code, "type error", file, message) for file, code, message in errors]


def _run_python(folder: Path, flow: str, target: Target) -> Output:
    return run(PYTHON / "python", flow, *target[:2], FACTS, target.key, folder=folder)


def _run_typescript(folder: Path, flow: str, target: Target) -> Output:
    options = ("--bundle", "--platform=node", "--format=esm", "--log-level=error", "--outfile=flow.mjs")
    bundled = run_module("esbuild/bin/esbuild", flow, *options, folder=folder)
    if bundled.code:
        return bundled
    return run(NODE, "flow.mjs", *target[:2], FACTS, target.key, folder=folder)


def _find_python_version(name: str) -> str:
    site = next((PYTHON.parent / "lib").glob("python*/site-packages"))
    return next(found.version for found in distributions(name=name, path=[str(site)]))


def _find_node_version(name: str, modules: Path = CACHE / "node_modules") -> str:
    version: str = json.loads((modules / name / "package.json").read_text("utf-8"))["version"]
    return version


def _count(pattern: str, files: Iterable[Path]) -> int:
    return sum(len(re.findall(pattern, file.read_text("utf-8"), re.MULTILINE)) for file in files)


def _generate_openapi_python_client(folder: Path) -> Output:
    options = ("--meta", "none", "--config", HERE / "openapi_python_client.yaml")
    command = ("generate", "--path", DOCUMENT, "--output-path", "client", *options)
    return run(PYTHON / "openapi-python-client", *command, folder=folder)


def _generate_models(folder: Path) -> Output:
    # By its default it writes pydantic's `constr(…)` where a type stands, which no type checker takes.
    types = ("--output-model-type", "pydantic_v2.BaseModel", "--use-annotated", "--enum-field-as-literal", "all")
    options = (*types, "--formatters", "builtin")
    command = ("--input", DOCUMENT, "--input-file-type", "openapi", "--output", "models.py", *options)
    return run(PYTHON / "datamodel-codegen", *command, folder=folder)


def _generate_openapi_generator(kind: str) -> Callable[[Path], Output]:
    def generate(folder: Path) -> Output:
        # Python: a package beside the flow; TypeScript: a folder of modules.
        given = ("-o", "client") if kind == "typescript-fetch" else ("-o", ".", "--package-name", "client")
        # Its own tests and documentation of the client are no part of it.
        options = ("--global-property", "apis,models,supportingFiles,modelTests=false,apiTests=false")
        return run(
            PYTHON / "openapi-generator-cli", "generate", "-i", DOCUMENT, "-g", kind, *given, *options, folder=folder
        )

    return generate


def _generate_openapi_typescript(folder: Path) -> Output:
    return run_module("openapi-typescript/bin/cli.js", DOCUMENT, "-o", "client.d.ts", folder=folder)


def _generate_hey_api(folder: Path) -> Output:
    client = folder / "client"
    client.mkdir()
    for file in (TYPESCRIPT / "src").glob("*.ts"):
        shutil.copy(file, client)
    program = TYPESCRIPT / "node_modules" / "@hey-api" / "openapi-ts" / "bin" / "run.js"
    return run(NODE, program, "--no-log-file", "-o", client / "generated", folder=TYPESCRIPT)


def list_generators() -> list[Generator]:
    """List the generators. They have to be installed."""
    jar = _find_python_version("openapi-generator-cli")
    return [
        Generator(
            "openapi-python-client",
            _find_python_version("openapi-python-client"),
            _generate_openapi_python_client,
            lambda folder: sum(file.name != "__init__.py" for file in (folder / "client" / "api").rglob("*.py")),
            # The reason is below an empty line.
            r"^(?:WARNING|ERROR).*(?:\n\n.*)?",
            "openapi_python_client_flow.py",
        ),
        Generator(
            "datamodel-code-generator",
            _find_python_version("datamodel-code-generator"),
            _generate_models,
            None,
            r"^.*Warning.*",
            "datamodel_code_generator_flow.py",
        ),
        Generator(
            "openapi-generator python",
            jar,
            _generate_openapi_generator("python"),
            lambda folder: _count(r"^    def \w+_with_http_info\(", (folder / "client" / "api").glob("*_api.py")),
            r"^.* (?:WARN|ERROR) .*",
            "openapi_generator_flow.py",
        ),
        Generator(
            "openapi-generator typescript-fetch",
            jar,
            _generate_openapi_generator("typescript-fetch"),
            lambda folder: _count(r"^    async \w+Raw\(", (folder / "client" / "apis").glob("*.ts")),
            r"^.* (?:WARN|ERROR) .*",
            "typescript_fetch.flow.ts",
        ),
        Generator(
            "openapi-typescript, openapi-fetch",
            f"{_find_node_version('openapi-typescript')}, {_find_node_version('openapi-fetch')}",
            _generate_openapi_typescript,
            _count_openapi_typescript,
            r"^.*(?:⚠|(?i:warn)).*",
            "openapi_fetch.flow.ts",
        ),
        Generator(
            "hey-api (sdk/typescript)",
            _find_node_version("@hey-api/openapi-ts", TYPESCRIPT / "node_modules"),
            _generate_hey_api,
            lambda folder: _count(r"^    public \w+<ThrowOnError", [folder / "client" / "generated" / "sdk.gen.ts"]),
            r"^.*(?:⚠|(?i:warn)).*",
            "hey_api.flow.ts",
        ),
    ]


def _count_openapi_typescript(folder: Path) -> int:
    text = (folder / "client.d.ts").read_text("utf-8")
    return len(re.findall(r'^    "?[\w.]+"?: \{$', text[text.index("export interface operations {") :], re.MULTILINE))
