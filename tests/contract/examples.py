"""The examples of the OpenAPI document are answers of the service to these requests on the demonstration.

`python -m tests.contract.examples` writes them anew; then `make openapi` takes them into the document.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any, Final

from litestar import Litestar
from litestar.testing import TestClient

from actitud_api.app import create_app
from actitud_api.demo import service as demo
from actitud_api.settings import Settings

PUBLIC_URL: Final = "https://actitud.example"
"""Where the service of the examples is: what a reader sees in their links."""
FOLDER: Final = Path(__file__).parents[2] / "openapi" / "examples"
BEST: Final = "/v1/editions/2026-demo/scores?limit=1"
READS: Final = {
    "system.livez": "/livez",
    "system.readyz": "/readyz",
    "methodologies.list": "/v1/methodologies",
    "organisations.list": "/v1/organisations?limit=2",
    "organisations.get": "/v1/organisations/{organisation}",
    "editions.list": "/v1/editions",
    "editions.scores.list": "/v1/editions/2026-demo/scores?limit=2",
    "editions.scores.get": "/v1/editions/2026-demo/scores/{organisation}",
}
"""The address of each read; `{organisation}` is the first of the ranking."""
CREATES: Final = {"scores.create": "/v1/scores"}
WITHOUT: Final = {"methodologies.get", "organisations.create", "organisations.update"}
"""A whole methodology is a quarter of a megabyte: the route shows it better. Writes answer what a read answers, with
the time of the moment; what they take stands in a file."""


def answers(client: TestClient[Litestar]) -> dict[str, Any]:
    """What the service answers now, by operation."""
    organisation = client.get(BEST).json()["items"][0]["organisation"]
    found = {name: client.get(path.format(organisation=organisation)).json() for name, path in READS.items()}
    for name, path in CREATES.items():
        found[name] = client.post(path, json=json.loads((FOLDER / f"{name}.request.json").read_bytes())).json()
    return found


def main() -> None:
    """Writes the examples."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(database_url=f"sqlite:///{folder}/demo.sqlite3", public_url=PUBLIC_URL))
        app.state["database"].migrate()
        demo.load(app.state["database"], lambda: None)
        with TestClient(app) as client:
            for name, answer in answers(client).items():
                text = json.dumps(answer, indent=2, ensure_ascii=False) + "\n"
                (FOLDER / f"{name}.response.json").write_text(text, encoding="utf-8")
        app.state["database"].close()


if __name__ == "__main__":
    main()
