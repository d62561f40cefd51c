"""The main flow with the Python client of openapi-generator."""

import json
import sys
from pathlib import Path

import urllib3
from client import ApiClient, Configuration, EditionsApi, OrganisationsApi, ScoreRequest2026v1, ScoresApi

url, organisation, facts, key = sys.argv[1:]
with ApiClient(Configuration(host=url, access_token=key)) as service:
    request = ScoreRequest2026v1.from_json(Path(facts).read_text("utf-8"))
    assert request is not None
    score = ScoresApi(service).scores_create(request)
    ranking = EditionsApi(service).editions_scores_list("latest", limit=5)
    sheet = EditionsApi(service).editions_scores_get("latest", organisation)
    history = OrganisationsApi(service).organisations_scores_list(organisation)
badge = urllib3.request("GET", f"{url}/badge/latest/{organisation}.svg")
seen = {
    "scored": score.index,
    "ranking": [row.organisation for row in ranking.items],
    "sheet": sheet.index,
    "history": [row.edition for row in history.items],
    "badge": badge.data[:4].decode(),
}
print(json.dumps(seen))
