"""Schemathesis as an integrator runs it, against a running service: `make contract`.

Without a URL it starts a sandbox and tries it without and with a key. With one it tries that server, with the key in
`ACTITUD_API_KEY` if there is one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

CONFIGURATION: Final = Path(__file__).parents[2] / "openapi" / "schemathesis.toml"
"""What a run with a key needs."""
KEY: Final = "ACTITUD_API_KEY"
"""Environment variable with the key."""
SCRIPTS: Final = Path(sys.executable).parent
"""Folder of the installed commands."""


def main(arguments: list[str] | None = None) -> int:
    """Run Schemathesis. Return 0, or its exit code if it found something."""
    parser = argparse.ArgumentParser(prog="make contract")
    parser.add_argument("--url", help="server to try; a sandbox by default")
    parser.add_argument("--examples", type=int, default=50, help="examples for each operation and phase")
    options, passed = parser.parse_known_args(arguments)
    if options.url:
        return try_service(options.url, options.examples, os.environ.get(KEY), passed)
    with run_sandbox() as sandbox:
        without_key = try_service(sandbox["url"], options.examples, None, passed)
        urllib.request.urlopen(urllib.request.Request(sandbox["reset"], method="POST"), timeout=60).close()
        with_key = try_service(sandbox["url"], options.examples, sandbox["keys"]["administrator"], passed)
    return without_key or with_key


def try_service(url: str, examples: int, key: str | None, passed: list[str]) -> int:
    """Run Schemathesis against a server, with its default configuration if there is no key. Return its exit code."""
    environment = {name: value for name, value in os.environ.items() if name != KEY}
    configuration: list[str] = []
    if key is not None:
        environment[KEY] = key
        configuration = ["--config-file", str(CONFIGURATION)]
    print(f"Schemathesis {'without a key' if key is None else 'with a key'}: {url}", flush=True)
    command = [str(SCRIPTS / "st"), *configuration, "run", "--max-examples", str(examples), *passed]
    return subprocess.run([*command, f"{url}/v1/openapi.json"], env=environment, check=False).returncode


@contextmanager
def run_sandbox(*options: str) -> Iterator[dict[str, Any]]:
    """Run a sandbox on a free port, and stop it at the end of the block. Yield what it prints of itself."""
    command = [str(SCRIPTS / "actitud-api"), "sandbox", "--port", "0", "--json", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise SystemExit(process.wait() or 1)
            yield json.loads(line)
        finally:
            process.terminate()


if __name__ == "__main__":
    sys.exit(main())
