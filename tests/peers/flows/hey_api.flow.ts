/** The main flow with the client of `sdk/typescript`, which hey-api generates. */
import { createActitud } from "./client";
import { facts, key, organisation, show, url } from "./flow";

const actitud = createActitud({ baseUrl: url, key });
const score = await actitud.scores.create({ body: facts });
const ranking = await actitud.editions.scores.list({ edition: "latest", limit: 5 });
const sheet = await actitud.editions.scores.get({ edition: "latest", organisation });
const history = await actitud.organisations.scores.list({ organisation });
await show(score, ranking, sheet, history);
