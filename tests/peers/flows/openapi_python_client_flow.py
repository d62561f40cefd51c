"""The main flow with the client of openapi-python-client."""

import json
import sys
from pathlib import Path

import httpx
from client import AuthenticatedClient
from client.api.editions import editions_scores_get, editions_scores_list
from client.api.organisations import organisations_scores_list
from client.api.scores import scores_create
from client.models.past_score_page import PastScorePage
from client.models.score_answer import ScoreAnswer
from client.models.score_page import ScorePage
from client.models.score_request_2026v1 import ScoreRequest2026V1
from client.models.sheet import Sheet

url, organisation, facts, key = sys.argv[1:]
service = AuthenticatedClient(base_url=url, token=key)
request = ScoreRequest2026V1.from_dict(json.loads(Path(facts).read_text("utf-8")))
score = scores_create.sync(client=service, body=request)
ranking = editions_scores_list.sync("latest", client=service, limit=5)
sheet = editions_scores_get.sync("latest", organisation, client=service)
history = organisations_scores_list.sync(organisation, client=service)
assert isinstance(score, ScoreAnswer)
assert isinstance(ranking, ScorePage)
assert isinstance(sheet, Sheet)
assert isinstance(history, PastScorePage)
badge = httpx.get(f"{url}/badge/latest/{organisation}.svg")
seen = {
    "scored": score.index,
    "ranking": [row.organisation for row in ranking.items],
    "sheet": sheet.index,
    "history": [row.edition for row in history.items],
    "badge": badge.text[:4],
}
print(json.dumps(seen))
