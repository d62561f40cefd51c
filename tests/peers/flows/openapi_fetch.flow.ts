/** The main flow with the types of openapi-typescript and the calls of openapi-fetch. */
import createClient from "openapi-fetch";

import type { paths } from "./client";
import { facts, key, organisation, show, url } from "./flow";

const service = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${key}` } });

/** Return the data of an answer, or throw its problem. */
function take<Data>(answer: { data?: Data; error?: unknown }): Data {
  if (answer.data === undefined) throw new Error(JSON.stringify(answer.error));
  return answer.data;
}

const score = take(await service.POST("/v1/scores", { body: facts }));
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
await show(score, ranking, sheet, history);
