/** Shared by the TypeScript flows: what they are given, and what they print for `make peers` to compare. */
import { readFileSync } from "node:fs";

export const [url = "", organisation = "", path = "", key = ""] = process.argv.slice(2);
export const facts = JSON.parse(readFileSync(path, "utf8"));

interface Scored {
  index: number | null;
}
interface Page<Row> {
  items: readonly Row[];
}

/** Print what a flow has seen, with the beginning of the badge. */
export async function show(
  score: Scored,
  ranking: Page<{ organisation: string }>,
  sheet: Scored,
  history: Page<{ edition: string }>,
): Promise<void> {
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
}
