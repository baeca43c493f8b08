/** The client: its parts by the kinds of things that the API has, and what is asked of all of them. */

import type { Json } from "./answers.js";
import { type ApiError, InvalidArgumentError } from "./errors.js";
import { Listing } from "./listing.js";
import type {
  AnswerRequest,
  AnswerResponse,
  CallerResponse,
  Feedback,
  FeedbackRequest,
  HealthResponse,
  KeyUsage,
  SearchPage,
  SearchRequest,
  SearchResult,
} from "./models.js";
import { Erasures } from "./resources/erasures.js";
import { Exports } from "./resources/exports.js";
import { Generations } from "./resources/generations.js";
import { Imports } from "./resources/imports.js";
import { Items } from "./resources/items.js";
import { Keys } from "./resources/keys.js";
import { Questions } from "./resources/questions.js";
import { type ListQuery, pathTo, whole } from "./resources/resource.js";
import { Runs } from "./resources/runs.js";
import { Sessions } from "./resources/sessions.js";
import { Snapshots } from "./resources/snapshots.js";
import { Sources } from "./resources/sources.js";
import { Webhooks } from "./resources/webhooks.js";
import { DEFAULT_RETRIES, type Retries } from "./retrying.js";
import { environment, pause } from "./runtime.js";
import { readBaseUrl, readKey } from "./settings.js";
import { type Creating, type Fetch, type Query, type Reading, Transport } from "./transport.js";
import { VERSION } from "./version.js";

/** How a client is made. */
export interface ClientOptions {
  /** Where the API is; without it CHATBOT_API of the environment. */
  readonly baseUrl?: string;
  /** Who you are; without it CHATBOT_KEY of the environment. On a web page only a publishable key. */
  readonly key?: string;
  readonly retries?: Partial<Retries>;
  /** For one answer; 60, twice as long as the API takes. */
  readonly timeoutSeconds?: number;
  /** One of your own, for proxies and certificates. */
  readonly fetch?: Fetch;
  readonly userAgent?: string;
  /** Is told of every request that is sent again. */
  readonly onRetry?: (error: ApiError, waitSeconds: number) => void;
  /** For tests: waits for some seconds, and throws the signal's reason. */
  readonly sleep?: (seconds: number, signal?: AbortSignal) => Promise<void>;
  /** For tests: seconds that never go back. */
  readonly clock?: () => number;
}

/**
 * The API with one key.
 *
 * Fields of requests and answers are named as in the API's documentation. Everything that changes something carries an
 * Idempotency-Key, the same in all its tries, so that none of them does the work twice.
 */
export class KnowledgeClient {
  readonly sources: Sources;
  readonly items: Items;
  readonly snapshots: Snapshots;
  readonly runs: Runs;
  readonly generations: Generations;
  readonly exports: Exports;
  readonly imports: Imports;
  readonly erasures: Erasures;
  readonly questions: Questions;
  readonly keys: Keys;
  readonly sessions: Sessions;
  readonly webhooks: Webhooks;
  readonly #api: Transport;

  /** Take the address and the key, or find them in CHATBOT_API and CHATBOT_KEY; throws SettingsError. */
  constructor(options: ClientOptions = {}) {
    const variables = environment();
    const api = new Transport(readBaseUrl(options.baseUrl, variables), readKey(options.key, variables), {
      // A browser's fetch works as a method of its window alone.
      fetch: options.fetch ?? ((url, request) => globalThis.fetch(url, request)),
      retries: { ...DEFAULT_RETRIES, ...options.retries },
      timeoutSeconds: options.timeoutSeconds ?? 60,
      userAgent: options.userAgent ?? `knowledge-client/${VERSION}`,
      sleep: options.sleep ?? pause,
      clock: options.clock ?? (() => performance.now() / 1000),
      onRetry: options.onRetry ?? (() => undefined),
    });
    this.#api = api;
    this.sources = new Sources(api);
    this.items = new Items(api);
    this.snapshots = new Snapshots(api);
    this.runs = new Runs(api);
    this.generations = new Generations(api);
    this.exports = new Exports(api);
    this.imports = new Imports(api);
    this.erasures = new Erasures(api);
    this.questions = new Questions(api);
    this.keys = new Keys(api);
    this.sessions = new Sessions(api);
    this.webhooks = new Webhooks(api);
  }

  /** The address that paths such as `/v1/sources` follow. */
  get baseUrl(): string {
    return this.#api.baseUrl;
  }

  // Searching and asking

  /** Search what is served; the best come first, a page at a time. */
  async search(wanted: SearchRequest, reading: Reading = {}): Promise<SearchPage> {
    return whole(await this.#api.read("/v1/search", wanted, reading));
  }

  /**
   * Yield the results of a search, page after page as they are asked for.
   *
   * Throws ConflictError (`stale_cursor`) when something is published in between: search again.
   */
  async *searchAll(wanted: SearchRequest, reading: Reading = {}): AsyncGenerator<SearchResult, void, void> {
    let asked = wanted;
    while (true) {
      const page = await this.search(asked, reading);
      yield* page.results;
      if (page.nextCursor === null) return;
      asked = { ...wanted, cursor: page.nextCursor };
    }
  }

  /**
   * Answer a question from what is served, with citations.
   *
   * Each try counts, so it is made again only where the API says that it did not look into the one before.
   */
  async ask(question: AnswerRequest, reading: Reading = {}): Promise<AnswerResponse> {
    return whole(await this.#api.read("/v1/answers", question, reading, false));
  }

  /** Say whether an answer helped. */
  async giveFeedback(answerId: string, opinion: FeedbackRequest, reading: Reading = {}): Promise<Feedback> {
    return (await this.#api.read(pathTo("answers", answerId, "feedback"), opinion, reading))["feedback"];
  }

  // The tenant

  /** Read what the key is and may do. */
  async whoAmI(reading: Reading = {}): Promise<CallerResponse> {
    return whole(await this.#api.get("/v1/whoami", {}, reading));
  }

  /** List the use of keys by day; `answers()` of the listing has what is served, too. */
  usage(query: ListQuery<"get_usage"> = {}): Listing<KeyUsage> {
    return new Listing(this.#api, "/v1/usage", "keys", query);
  }

  /** Ask whether the API works. */
  async health(reading: Reading = {}): Promise<HealthResponse> {
    return whole(await this.#api.get("/health", {}, reading));
  }

  // The rest

  /** Send any request, with all that the client does for its own; `path` begins with `/v1/`. Throws ApiError. */
  async request(
    method: string,
    path: string,
    { body, query, ...writing }: Creating & { readonly body?: object; readonly query?: Query } = {},
  ): Promise<Json> {
    if (!path.startsWith("/")) throw new InvalidArgumentError(`"${path}" is no path such as /v1/sources`);
    if (["GET", "HEAD"].includes(method.toUpperCase())) {
      if (writing.ifMatch !== undefined) throw new InvalidArgumentError("ifMatch is for writes; a read takes ifNoneMatch");
      return this.#api.get(path, query, writing);
    }
    return this.#api.write(method.toUpperCase(), path, body, writing, { query });
  }
}
