/** The main flow with the TypeScript client of openapi-generator. */
import { Configuration, EditionsApi, OrganisationsApi, ScoresApi, ScoresCreateRequestFromJSON } from "./client";
import { facts, key, organisation, show, url } from "./flow";

const service = new Configuration({ basePath: url, accessToken: key });
const request = ScoresCreateRequestFromJSON(facts);
const score = await new ScoresApi(service).scoresCreate({ scoresCreateRequest: request });
const editions = new EditionsApi(service);
const ranking = await editions.editionsScoresList({ edition: "latest", limit: 5 });
const sheet = await editions.editionsScoresGet({ edition: "latest", organisation });
const history = await new OrganisationsApi(service).organisationsScoresList({ organisation });
await show(score, ranking, sheet, history);
