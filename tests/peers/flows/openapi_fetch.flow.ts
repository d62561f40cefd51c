/** The main flow with the types of openapi-typescript and the calls of openapi-fetch. */
import { readFileSync } from "node:fs";

import createClient from "openapi-fetch";

import type { paths } from "./client";

const [url = "", organisation = "", facts = "", key = ""] = process.argv.slice(2);
const service = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${key}` } });

/** Return the data of an answer, or throw its problem. */
function take<Data>(answer: { data?: Data; error?: unknown }): Data {
  if (answer.data === undefined) throw new Error(JSON.stringify(answer.error));
  return answer.data;
}

const score = take(await service.POST("/v1/scores", { body: JSON.parse(readFileSync(facts, "utf8")) }));
const edition = "latest";
const ranking = take(
  await service.GET("/v1/editions/{edition}/scores", { params: { path: { edition }, query: { limit: 5 } } }),
);
const sheet = take(
  await service.GET("/v1/editions/{edition}/scores/{organisation}", { params: { path: { edition, organisation } } }),
);
const history = take(
  await service.GET("/v1/organisations/{organisation}/scores", { params: { path: { organisation } } }),
);
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
