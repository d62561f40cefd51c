"""The main flow with the client of openapi-python-client."""

import json

from client import AuthenticatedClient
from client.api.editions import editions_scores_get, editions_scores_list
from client.api.organisations import organisations_scores_list
from client.api.scores import scores_create
from client.models.past_score_page import PastScorePage
from client.models.score_answer import ScoreAnswer
from client.models.score_page import ScorePage
from client.models.score_request_2027v1 import ScoreRequest2027V1
from client.models.sheet import Sheet
from flow import facts, key, organisation, show, url

service = AuthenticatedClient(base_url=url, token=key)
request = ScoreRequest2027V1.from_dict(json.loads(facts))
score = scores_create.sync(client=service, body=request)
ranking = editions_scores_list.sync("latest", client=service, limit=5)
sheet = editions_scores_get.sync("latest", organisation, client=service)
history = organisations_scores_list.sync(organisation, client=service)
assert isinstance(score, ScoreAnswer)
assert isinstance(ranking, ScorePage)
assert isinstance(sheet, Sheet)
assert isinstance(history, PastScorePage)
show(score, ranking, sheet, history)
