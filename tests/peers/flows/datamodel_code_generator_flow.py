"""The main flow with the models of datamodel-code-generator, and httpx for the calls."""

import json
import sys
from pathlib import Path

import httpx
from models import PastScorePage, ScoreAnswer, ScorePage, ScoreRequest2026v1, Sheet

url, organisation, facts, key = sys.argv[1:]
with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}) as service:
    request = ScoreRequest2026v1.model_validate_json(Path(facts).read_text("utf-8"))
    body = request.model_dump(mode="json", by_alias=True, exclude_unset=True)
    score = ScoreAnswer.model_validate_json(service.post("/v1/scores", json=body).content)
    ranking = ScorePage.model_validate_json(service.get("/v1/editions/latest/scores", params={"limit": 5}).content)
    sheet = Sheet.model_validate_json(service.get(f"/v1/editions/latest/scores/{organisation}").content)
    history = PastScorePage.model_validate_json(service.get(f"/v1/organisations/{organisation}/scores").content)
    badge = service.get(f"/badge/latest/{organisation}.svg")
seen = {
    "scored": score.index,
    "ranking": [row.organisation for row in ranking.items],
    "sheet": sheet.index,
    "history": [row.edition for row in history.items],
    "badge": badge.text[:4],
}
print(json.dumps(seen, default=lambda number: number.root))
