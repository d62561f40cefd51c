"""The main flow with the models of datamodel-code-generator, and httpx for the calls."""

import httpx
from flow import facts, key, organisation, show, url
from models import PastScorePage, ScoreAnswer, ScorePage, ScoreRequest2027v1, Sheet

with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}) as service:
    request = ScoreRequest2027v1.model_validate_json(facts)
    body = request.model_dump(mode="json", by_alias=True, exclude_unset=True)
    score = ScoreAnswer.model_validate_json(service.post("/v1/scores", json=body).content)
    ranking = ScorePage.model_validate_json(service.get("/v1/editions/latest/scores", params={"limit": 5}).content)
    sheet = Sheet.model_validate_json(service.get(f"/v1/editions/latest/scores/{organisation}").content)
    history = PastScorePage.model_validate_json(service.get(f"/v1/organisations/{organisation}/scores").content)
show(score, ranking, sheet, history)
