/** What a dashboard does: it runs in node and, bundled, in a browser; the tests in Python compare what it returns. */
import { ActitudError, createActitud, type ScoresCreateData } from "@actitud/client";

export interface Seen {
  scored: number | null;
  reasons: number;
  ranking: string[];
  rows: string[];
  pages: number;
  sheet: { index: number | null; level: string | null | undefined; organisation: string };
  history: string[];
  badge: { address: string; type: string | null; picture: string };
  table: string;
  missing: { kind: string | undefined; status: number; detail: string | undefined };
  faults: string[];
  spanish: string;
}

async function refused(call: Promise<unknown>): Promise<ActitudError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ActitudError) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

export async function flow(baseUrl: string, organisation: string, facts: ScoresCreateData["body"]): Promise<Seen> {
  const actitud = createActitud({ baseUrl: `${baseUrl}/v1/`, lang: "en" });
  const score = await actitud.scores.create({ body: facts });
  const ranking = await actitud.editions.scores.list({ edition: "latest", limit: 5 });
  const rows: string[] = [];
  for await (const row of actitud.rows(actitud.editions.scores.list({ edition: "latest", limit: 100 }))) {
    rows.push(row.organisation);
  }
  let pages = 0;
  for await (const page of actitud.pages(actitud.editions.scores.list({ edition: "latest", limit: 100 }))) {
    pages += page.items.length > 0 ? 1 : 0;
  }
  const sheet = await actitud.editions.scores.get({ edition: "latest", organisation });
  const history = await actitud.organisations.scores.list({ organisation });
  const address = actitud.badgeUrl("latest", organisation, { lang: "en" });
  const badge = await fetch(address);
  const table = await actitud.editions.scores.export({ edition: "latest", format: "csv", limit: 2 });
  const missing = await refused(actitud.editions.scores.get({ edition: "latest", organisation: "nobody" }));
  const faulty = { ...facts, answers: { "D1.07": { numerator: "many" } } } as unknown as ScoresCreateData["body"];
  const faults = await refused(actitud.scores.create({ body: faulty }));
  const spanish = await refused(
    createActitud({ baseUrl, lang: "es" }).editions.get({ edition: "there-is-none" }),
  );
  return {
    scored: score.index,
    reasons: score.main_reasons.length,
    ranking: ranking.items.map((row) => row.organisation),
    rows,
    pages,
    sheet: { index: sheet.index, level: sheet.level_details?.name, organisation: sheet.organisation },
    history: history.items.map((row) => row.edition),
    badge: { address, type: badge.headers.get("Content-Type"), picture: await badge.text() },
    table: await table.text(),
    missing: { kind: missing.kind, status: missing.status, detail: missing.problem?.detail },
    faults: faults.errors.map((error) => error.pointer),
    spanish: spanish.message,
  };
}
