/** Asks the API what a browser key may ask: searches, answers, and whether an answer helped. */

/** Where a word was found: code points of a text, not units of a JavaScript string. */
export interface Place {
  start: number;
  end: number;
}

export interface Result {
  sourceId: string;
  externalItemId: string;
  title: string;
  url: string | null;
  snippet: string;
  inTitle: Place[];
  inSnippet: Place[];
}

export interface Citation {
  number: number;
  title: string;
  url: string | null;
  quote: string;
}

/** `answer` is null when nothing that is published answers the question; `id` when no feedback on it is taken. */
export interface Answer {
  id: string | null;
  answer: string | null;
  citations: Citation[];
}

export type Kind = "offline" | "unreachable" | "slow" | "limited" | "budget" | "spent" | "unavailable" | "refused" | "rejected" | "failed";

/** Why a request brought nothing; `seconds` is when to come back, where the API says so. */
export class Failure extends Error {
  constructor(
    readonly kind: Kind,
    readonly status = 0,
    readonly code = "",
    message = "",
    readonly seconds: number | null = null,
  ) {
    super(message || kind);
  }
}

const PATIENCE_MS = 30_000;
/** With these the API says that it takes no feedback on an answer, say since it is no longer kept. */
const NOT_TAKEN = [403, 404, 405, 409];

type Json = Record<string, unknown>;

export class Client {
  constructor(
    private readonly base: string,
    private readonly key: string,
  ) {}

  async search(query: string, options: { limit: number; sourceIds: string[] }, signal: AbortSignal): Promise<Result[]> {
    const body = { query, prefix: true, limit: options.limit, ...named(options.sourceIds) };
    const found = await this.post("/v1/search", body, signal);
    return objects(found["results"]).map((each) => {
      const places = object(each["highlights"]);
      return {
        sourceId: text(each["sourceId"]),
        externalItemId: text(each["externalItemId"]),
        title: text(each["title"]),
        url: textOrNull(each["url"]),
        snippet: text(each["snippet"]),
        inTitle: placesOf(places["title"]),
        inSnippet: placesOf(places["snippet"]),
      };
    });
  }

  async ask(question: string, options: { sourceIds: string[] }, signal: AbortSignal): Promise<Answer> {
    const found = await this.post("/v1/answers", { question, ...named(options.sourceIds) }, signal);
    const answered = found["status"] === "answered";
    return {
      id: found["feedback"] === true ? textOrNull(found["id"]) : null,
      answer: answered ? text(found["answer"]) : null,
      citations: answered
        ? objects(found["citations"]).map((each, index) => ({
            number: typeof each["n"] === "number" ? each["n"] : index + 1,
            title: text(each["title"]),
            url: textOrNull(each["url"]),
            quote: text(each["quote"]),
          }))
        : [],
    };
  }

  /** Tells whether an answer helped; false when the API takes no feedback on it. */
  async tell(answerId: string, helpful: boolean, signal: AbortSignal): Promise<boolean> {
    try {
      await this.post(`/v1/answers/${encodeURIComponent(answerId)}/feedback`, { helpful }, signal);
      return true;
    } catch (error) {
      if (error instanceof Failure && NOT_TAKEN.includes(error.status)) return false;
      throw error;
    }
  }

  private async post(path: string, body: Json, signal: AbortSignal): Promise<Json> {
    const ended = new AbortController();
    const end = (): void => ended.abort();
    signal.addEventListener("abort", end);
    let late = false;
    const clock = setTimeout(() => {
      late = true;
      end();
    }, PATIENCE_MS);
    try {
      const response = await fetch(this.base + path, {
        method: "POST",
        headers: { Authorization: `Bearer ${this.key}`, "Content-Type": "application/json" },
        body: JSON.stringify(body),
        credentials: "omit",
        cache: "no-store",
        // The address of the page is nobody's business; which site it belongs to, `Origin` says.
        referrerPolicy: "no-referrer",
        signal: ended.signal,
      });
      const said = await read(response);
      if (!response.ok) throw failureOf(response, said);
      if (said === null) throw new Failure("unreachable", response.status);
      return said;
    } catch (error) {
      if (error instanceof Failure || signal.aborted) throw error;
      throw new Failure(late ? "slow" : navigator.onLine === false ? "offline" : "unreachable");
    } finally {
      clearTimeout(clock);
      signal.removeEventListener("abort", end);
    }
  }
}

/** Reads a body of JSON; null for another, as a proxy on the way may send. An empty one is an empty object. */
async function read(response: Response): Promise<Json | null> {
  const written = await response.text();
  try {
    const said: unknown = written ? JSON.parse(written) : {};
    return typeof said === "object" && said !== null ? (said as Json) : null;
  } catch {
    return null;
  }
}

function failureOf(response: Response, said: Json | null): Failure {
  const { status } = response;
  const code = text(said?.["code"]);
  const seconds = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  const after = Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
  return new Failure(kindOf(status, code), status, code, text(said?.["error"]), after);
}

function kindOf(status: number, code: string): Kind {
  if (status === 429) return code === "answer_budget" ? "budget" : code === "request_budget" ? "spent" : "limited";
  if (status === 401 || status === 403 || status === 404) return "refused";
  if (status === 503) return "unavailable";
  if (status === 504) return "slow";
  return status < 500 ? "rejected" : "failed";
}

function named(sourceIds: string[]): Json {
  return sourceIds.length ? { sourceIds } : {};
}

function object(value: unknown): Json {
  return typeof value === "object" && value !== null ? (value as Json) : {};
}

function objects(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(object) : [];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function textOrNull(value: unknown): string | null {
  return text(value) || null;
}

function placesOf(value: unknown): Place[] {
  return objects(value).map((each) => ({ start: Number(each["start"]), end: Number(each["end"]) }));
}
