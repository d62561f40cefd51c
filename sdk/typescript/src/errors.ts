import type { Problem } from "./generated/types.gen.js";

/** A refusal of the service, or an answer that is not the service's, as of a proxy in between. */
export class ActitudError extends Error {
  override readonly name = "ActitudError";
  /** The status of HTTP. */
  readonly status: number;
  /** What is wrong (RFC 9457); undefined if the answer is not one of the service. */
  readonly problem: Problem | undefined;
  /** The answer; its body is read. */
  readonly response: Response;

  constructor(response: Response, problem: Problem | undefined) {
    super(problem === undefined ? `This is no answer of the service (HTTP ${response.status}).` : describe(problem));
    this.status = response.status;
    this.problem = problem;
    this.response = response;
  }

  /** The name of the kind of problem, such as `not-found`. */
  get kind(): string | undefined {
    return this.problem?.type.split("/").at(-1);
  }

  /** Every fault of the request, with its place and what would be right. */
  get errors(): Problem["errors"] {
    return this.problem?.errors ?? [];
  }

  /** The seconds to wait before the call is repeated, if the service says so. */
  get retryAfter(): number | undefined {
    const seconds = Number(this.response.headers.get("Retry-After") ?? Number.NaN);
    return Number.isFinite(seconds) ? seconds : undefined;
  }
}

/** Take a body for a problem if it is one. */
export function readProblem(body: unknown): Problem | undefined {
  if (typeof body !== "object" || body === null || !("type" in body) || !("title" in body)) return undefined;
  return body as Problem;
}

function describe(problem: Problem): string {
  const places = problem.errors.map((error) => `${error.pointer}: ${error.detail}`);
  return [problem.detail || problem.title, ...places].join("\n");
}
