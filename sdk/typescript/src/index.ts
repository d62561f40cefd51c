/**
 * A client of the Actitud service: every operation of the OpenAPI document is a method of the same name, and what is
 * written by hand adds the settings, the errors, the pages of lists and the addresses of badges.
 *
 * @module
 */
import { ActitudError, readProblem } from "./errors.js";
import { createClient, createConfig } from "./generated/client/index.js";
import { Operations } from "./generated/sdk.gen.js";

export { ActitudError } from "./errors.js";
export type * from "./generated/types.gen.js";

const BEARER = [{ scheme: "bearer", type: "http" }] as const;

/** The settings of a client. */
export interface ActitudOptions {
  /** The address of the service, with or without `/v1`. */
  baseUrl: string;
  /** An API key. It is sent to that service alone. Pages of other origins cannot use one. */
  key?: string;
  /** The language of names and explanations; without it, that of the browser, or of the service. */
  lang?: "es" | "en";
  /** Another implementation of `fetch`, for tests or for proxies. */
  fetch?: typeof globalThis.fetch;
}

/** A page of a list: its rows, and the address of the next page. */
export interface Page<Row> {
  items: ReadonlyArray<Row>;
  next?: string | null;
}

/** The operations of the service, and what belongs to no single one of them. */
export class Actitud extends Operations {
  /** The address of the service, without `/v1` and without a slash at its end. */
  readonly baseUrl: string;

  constructor(options: ActitudOptions) {
    const baseUrl = options.baseUrl.replace(/\/+$/, "").replace(/\/v1$/, "");
    const client = createClient(
      createConfig({
        baseUrl,
        throwOnError: true,
        ...(options.key === undefined ? {} : { auth: options.key }),
        ...(options.lang === undefined ? {} : { headers: { "Accept-Language": options.lang } }),
        ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
      }),
    );
    client.interceptors.request.use((request, options) => {
      if (options.url.endsWith(".{format}")) options.parseAs = "blob";
      return request;
    });
    client.interceptors.response.use((response) => {
      if (response.ok && response.headers.get("Content-Type")?.startsWith("text/html")) {
        throw new ActitudError(response, undefined);
      }
      return response;
    });
    client.interceptors.error.use((error, response) => {
      if (response === undefined || error instanceof ActitudError) return error;
      if (!response.ok) return new ActitudError(response, readProblem(error));
      return error instanceof SyntaxError ? new ActitudError(response, undefined) : error;
    });
    super({ client });
    this.baseUrl = baseUrl;
  }

  /** Iterate over a page of a list and all later ones: `actitud.pages(actitud.editions.list())`. */
  async *pages<Row>(first: Page<Row> | Promise<Page<Row>>): AsyncGenerator<Page<Row>, void, undefined> {
    const seen = new Set<string>();
    let page = await first;
    for (;;) {
      yield page;
      const next = page.next;
      if (!next) return;
      if (seen.has(next)) throw new Error(`The list goes on at ${next}, where it has been before.`);
      seen.add(next);
      page = await this.client.get<Page<Row>, unknown, true, "data">({
        url: next,
        responseStyle: "data",
        security: BEARER,
      });
    }
  }

  /** Iterate over all rows of a list: `for await (const row of actitud.rows(actitud.editions.scores.list({ … })))`. */
  async *rows<Row>(first: Page<Row> | Promise<Page<Row>>): AsyncGenerator<Row, void, undefined> {
    for await (const page of this.pages(first)) yield* page.items;
  }

  /** The address of the badge of an organisation, for `<img src>`; `latest` is always the newest edition. */
  badgeUrl(edition: string, organisation: string, options: { lang?: "es" | "en" } = {}): string {
    const path = `/badge/${encodeURIComponent(edition)}/${encodeURIComponent(organisation)}.svg`;
    return `${this.baseUrl}${path}${options.lang === undefined ? "" : `?lang=${options.lang}`}`;
  }
}

/** Make a client: `createActitud({ baseUrl: "https://…" })`. */
export function createActitud(options: ActitudOptions): Actitud {
  return new Actitud(options);
}
