/** The main flow with the TypeScript client of openapi-generator. */
import { readFileSync } from "node:fs";

import { Configuration, EditionsApi, OrganisationsApi, ScoreRequest2026v1FromJSON, ScoresApi } from "./client";

const [url = "", organisation = "", facts = "", key = ""] = process.argv.slice(2);
const service = new Configuration({ basePath: url, accessToken: key });
const request = ScoreRequest2026v1FromJSON(JSON.parse(readFileSync(facts, "utf8")));
const score = await new ScoresApi(service).scoresCreate({ scoreRequest2026v1: request });
const editions = new EditionsApi(service);
const ranking = await editions.editionsScoresList({ edition: "latest", limit: 5 });
const sheet = await editions.editionsScoresGet({ edition: "latest", organisation });
const history = await new OrganisationsApi(service).organisationsScoresList({ organisation });
const badge = await (await fetch(`${url}/badge/latest/${organisation}.svg`)).text();
console.log(
  JSON.stringify({
    scored: score.index,
    ranking: ranking.items.map((row) => row.organisation),
    sheet: sheet.index,
    history: history.items.map((row) => row.edition),
    badge: badge.slice(0, 4),
  }),
);
