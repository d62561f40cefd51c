/** The main flow with the client of `sdk/typescript`, which hey-api generates. */
import { readFileSync } from "node:fs";

import { createActitud } from "./client";

const [baseUrl = "", organisation = "", facts = "", key = ""] = process.argv.slice(2);
const actitud = createActitud({ baseUrl, key });
const score = await actitud.scores.create({ body: JSON.parse(readFileSync(facts, "utf8")) });
const ranking = await actitud.editions.scores.list({ edition: "latest", limit: 5 });
const sheet = await actitud.editions.scores.get({ edition: "latest", organisation });
const history = await actitud.organisations.scores.list({ organisation });
const badge = await (await fetch(actitud.badgeUrl("latest", organisation))).text();
console.log(
  JSON.stringify({
    scored: score.index,
    ranking: ranking.items.map((row) => row.organisation),
    sheet: sheet.index,
    history: history.items.map((row) => row.edition),
    badge: badge.slice(0, 4),
  }),
);
