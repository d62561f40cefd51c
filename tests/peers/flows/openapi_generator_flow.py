"""The main flow with the Python client of openapi-generator."""

from client import ApiClient, Configuration, EditionsApi, OrganisationsApi, ScoresApi, ScoresCreateRequest
from flow import facts, key, organisation, show, url

with ApiClient(Configuration(host=url, access_token=key)) as service:
    request = ScoresCreateRequest.from_json(facts)
    score = ScoresApi(service).scores_create(request)
    ranking = EditionsApi(service).editions_scores_list("latest", limit=5)
    sheet = EditionsApi(service).editions_scores_get("latest", organisation)
    history = OrganisationsApi(service).organisations_scores_list(organisation)
show(score, ranking, sheet, history)
