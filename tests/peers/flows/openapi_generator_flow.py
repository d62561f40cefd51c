"""The main flow with the Python client of openapi-generator."""

from client import ApiClient, Configuration, EditionsApi, OrganisationsApi, ScoreRequest2026v1, ScoresApi
from flow import facts, key, organisation, show, url

with ApiClient(Configuration(host=url, access_token=key)) as service:
    request = ScoreRequest2026v1.from_json(facts)
    assert request is not None
    score = ScoresApi(service).scores_create(request)
    ranking = EditionsApi(service).editions_scores_list("latest", limit=5)
    sheet = EditionsApi(service).editions_scores_get("latest", organisation)
    history = OrganisationsApi(service).organisations_scores_list(organisation)
show(score, ranking, sheet, history)
