"""Bodies of answers that tests go on with."""

from __future__ import annotations

from typing import Any

import httpx


def read_body(response: httpx.Response, status: int = 200) -> dict[str, Any]:
    """Return the JSON object in the body of a response, once it is seen that the status is right."""
    assert response.status_code == status, response.text
    body: dict[str, Any] = response.json()
    return body
