/** What the compiler must refuse, and what it must know: this file is checked and never run. */
import { type Actitud, type NumeratorDenominatorAnswer, type ScoreRow, createActitud } from "@actitud/client";

const actitud: Actitud = createActitud({ baseUrl: "https://madurez.example" });

// @ts-expect-error -- the address is needed
createActitud({});
// @ts-expect-error -- there is no such language
createActitud({ baseUrl: "https://madurez.example", lang: "fr" });
// @ts-expect-error -- a misspelt filter
actitud.editions.scores.list({ edition: "latest", provinze: "46" });
// @ts-expect-error -- the edition is needed
actitud.editions.scores.list({ limit: 3 });
// @ts-expect-error -- a value that there is not
actitud.editions.scores.list({ edition: "latest", status: "complet" });
// @ts-expect-error -- a member of a body is missing
actitud.scores.create({ body: { methodology: "2027.1", answers: {} } });
// @ts-expect-error -- a misspelt member of a body
export const answer: NumeratorDenominatorAnswer = { numerator: 160, denominator: 320, bases: "evidenced" };

export async function known(): Promise<number | null> {
  for await (const row of actitud.rows(actitud.editions.scores.list({ edition: "latest" }))) {
    const typed: ScoreRow = row;
    // @ts-expect-error -- an index may be null
    const index: number = typed.index;
    return index;
  }
  const sheet = await actitud.editions.scores.get({ edition: "latest", organisation: "XX-DEMO-00100" });
  // @ts-expect-error -- there is no such member
  sheet.indx;
  return sheet.index;
}
