/**
 * A client for the Developer API in one file, made to be copied. Needs Node 20 and nothing else.
 *
 *     const api = new DeveloperApi(); // CHATBOT_API="https://your-host/api" CHATBOT_KEY="sk_live_..."
 *     const source = await api.createSource("Help centre");
 *     await api.pushItem(source.id, { externalItemId: "faq-1", title: "Refunds", content: "Within 14 days." });
 *     const run = await api.startRun(source.id);
 *     for await (const change of api.changes(source.id, run.id)) console.log(change);
 *     console.log((await api.applyRun(source.id, run.id)).generationId);
 *
 * Every call is tried again after what a retry mends (no answer, 429, 5xx, transient conflicts), and every call that
 * changes something carries an Idempotency-Key, the same in all its tries, so that none of them does the work twice.
 */

import { randomUUID } from "node:crypto";
import { setTimeout as later } from "node:timers/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

const GZIP_OVER_BYTES = 256 * 1024;
// A request takes 5 000 items and 8 MiB of JSON, but the gateway only 4.5 MiB even of what does not compress.
const PART_ITEMS = 1_000;
const PART_BYTES = 3_500_000;
const TRIES = 8;
const TIMEOUT_MS = 60_000;
const LONGEST_WAIT_SECONDS = 120;
// How many faults of a validation_error its message tells; `details` has all.
const SHOWN_FAULTS = 3;
const TRANSIENT_CODES = new Set([
  "apply_conflict",
  "stale_plan",
  "stale_base",
  "lease_lost",
  "apply_in_progress",
  "run_in_progress",
  "idempotency_in_progress",
]);

/**
 * Thrown when the API refuses a request for good. Decide by `code`, and quote `requestId` when you ask for help.
 * `details` lists every fault of a `validation_error`; `retryAfter` is in seconds, or undefined.
 */
export class ApiError extends Error {
  constructor(message, { code, status, details = [], requestId, retryAfter, cause } = {}) {
    super(`${message} (${code})`, { cause });
    this.name = this.constructor.name;
    Object.assign(this, { code, status, details, requestId, retryAfter });
  }

  /** Whether the same request may succeed later. */
  get transient() {
    return this.status === 429 || this.status >= 500 || (this.status === 409 && TRANSIENT_CODES.has(this.code));
  }
}

/** 400, 413 and 415: the request has to be changed. */
export class InvalidRequestError extends ApiError {}
/** 401: the key is missing, mistyped, expired or revoked. */
export class UnauthorizedError extends ApiError {}
/** 403: the key may not do this. */
export class ForbiddenError extends ApiError {}
/** 404: there is no such thing, or it is not yours. */
export class NotFoundError extends ApiError {}
/** 409 when a retry does not help, or did not in all the tries. */
export class ConflictError extends ApiError {}
/** 429 after all the tries. */
export class RateLimitedError extends ApiError {}
/** 5xx after all the tries. */
export class ServerError extends ApiError {}
/** A run could not be planned; start another. */
export class RunFailedError extends ApiError {}
/** No answer came in all the tries; the work may have been done. */
export class NoAnswerError extends ApiError {
  get transient() {
    return true;
  }
}

const ERRORS = {
  400: InvalidRequestError,
  401: UnauthorizedError,
  403: ForbiddenError,
  404: NotFoundError,
  409: ConflictError,
  413: InvalidRequestError,
  415: InvalidRequestError,
  429: RateLimitedError,
};

/** The API with one key. */
export class DeveloperApi {
  #baseUrl;
  #key;
  #tries;
  #sleep;

  /** Takes the address and the key, or finds them in CHATBOT_API and CHATBOT_KEY. `sleep` waits for seconds. */
  constructor({ baseUrl, key, tries = TRIES, sleep = (seconds) => later(seconds * 1_000) } = {}) {
    this.#baseUrl = (baseUrl ?? process.env.CHATBOT_API ?? "").trim().replace(/\/+$/, "");
    this.#key = (key ?? process.env.CHATBOT_KEY ?? "").trim();
    // What no header can hold would otherwise look as if nothing answered.
    if (!/^https?:\/\//.test(this.#baseUrl) || !/^[\w.~+/=-]+$/.test(this.#key)) {
      throw new TypeError("set CHATBOT_API (https://your-host/api) and CHATBOT_KEY (sk_live_...)");
    }
    this.#tries = tries;
    this.#sleep = sleep;
  }

  /**
   * Sends one request, as often as it takes, and returns the JSON of its answer; throws ApiError.
   * `path` is everything after /api. `finalCodes` are thrown at once although a retry could help.
   */
  async request(method, path, { body, query, idempotencyKey, finalCodes = [] } = {}) {
    const request = await this.#build(method, path, body, query, idempotencyKey);
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#tryOnce(request);
      } catch (error) {
        if (!error.transient || tries === this.#tries || finalCodes.includes(error.code)) throw error;
        if (error.retryAfter > LONGEST_WAIT_SECONDS) throw error;
        // Jitter, so that clients which were refused together do not come back together.
        const backoff = Math.min(0.5 * 2 ** (tries - 1), 30) * (0.5 + Math.random() / 2);
        const seconds = error.retryAfter === undefined ? backoff : error.retryAfter + Math.random();
        console.warn(`${error.message}; trying again in ${seconds.toFixed(1)} s`);
        await this.#sleep(seconds);
      }
    }
  }

  async #build(method, path, body, query = {}, idempotencyKey = randomUUID()) {
    const headers = { Authorization: `Bearer ${this.#key}` };
    if (method !== "GET") headers["Idempotency-Key"] = idempotencyKey;
    let content;
    if (body !== undefined) {
      headers["Content-Type"] = "application/json";
      content = Buffer.from(JSON.stringify(body));
      if (content.length > GZIP_OVER_BYTES) {
        headers["Content-Encoding"] = "gzip";
        content = await promisify(gzip)(content);
      }
    }
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
    const url = this.#baseUrl + path + (given.length > 0 ? `?${new URLSearchParams(given)}` : "");
    return { method, path, url, headers, content };
  }

  async #tryOnce({ method, path, url, headers, content }) {
    let answer, text;
    try {
      answer = await fetch(url, { method, headers, body: content, signal: AbortSignal.timeout(TIMEOUT_MS) });
      text = await answer.text();
    } catch (error) {
      throw new NoAnswerError(`${method} ${path}: ${error.cause?.message ?? error.message}`, {
        code: "no_answer",
        cause: error,
      });
    }
    const body = parsedObject(text);
    if (answer.ok && body) return body;
    throw errorOf(method, path, answer, body ?? {});
  }

  /** Yields the entries of a list, reading page after page as they are asked for. */
  async *pages(path, plural, query = {}) {
    let cursor = null;
    do {
      const page = await this.request("GET", path, { query: { limit: 200, ...query, cursor } });
      yield* page[plural];
      cursor = page.nextCursor;
    } while (cursor !== null);
  }

  // Sources and items

  /** Yields the sources that the key reaches, newest first. */
  sources() {
    return this.pages("/v1/sources", "sources");
  }

  /** Creates a source; `graceDays` and `removalGuard` are settings. */
  async createSource(name, settings = {}) {
    return (await this.request("POST", "/v1/sources", { body: { name, ...settings } })).source;
  }

  /** Creates or replaces one item; returns `{item, result}`. */
  pushItem(sourceId, item) {
    return this.request("POST", `/v1/sources/${sourceId}/items`, { body: item });
  }

  /** Pushes and removes up to 5 000 items, and leaves the others; returns `{counts, results}`. */
  pushBatch(sourceId, items, { removals = [], idempotencyKey } = {}) {
    const body = { items, removals: removals.map((externalItemId) => ({ externalItemId })) };
    return this.request("POST", `/v1/sources/${sourceId}/items/batch`, { body, idempotencyKey });
  }

  /** Yields what is staged; `state`, `prefix` and `include: "content"` are queries. */
  items(sourceId, query = {}) {
    return this.pages(`/v1/sources/${sourceId}/items`, "items", query);
  }

  /** Reads a staged item with its content. */
  async item(sourceId, externalItemId) {
    return (await this.request("GET", `/v1/sources/${sourceId}/items/${pathSegment(externalItemId)}`)).item;
  }

  /** Removes an item; it is served until the source's `graceDays` have passed. */
  async removeItem(sourceId, externalItemId) {
    return (await this.request("DELETE", `/v1/sources/${sourceId}/items/${pathSegment(externalItemId)}`)).item;
  }

  /** Makes the staging set exactly these items, in parts if they are many; returns how many came to what. */
  async replaceItems(sourceId, items, { allowEmpty = false } = {}) {
    const path = `/v1/sources/${sourceId}`;
    const parts = [...partsOf(items)];
    let answer;
    let meant;
    if (parts.length <= 1) {
      answer = await this.request("POST", `${path}/items/snapshot`, { body: { items, allowEmpty } });
    } else {
      answer = await this.request("POST", `${path}/snapshots`);
      await this.#sendParts(`${path}/snapshots/${answer.snapshot.id}`, parts);
      // A part that was lost would take its items along.
      meant = { parts: parts.length, items: parts.flat().length };
    }
    // An answer without counts is a snapshot that is still to be completed; so many removals take a few requests.
    while (!answer.counts) {
      const { id, state } = answer.snapshot;
      if (state === "completed") return answer.snapshot.counts;
      answer = await this.request("POST", `${path}/snapshots/${id}/complete`, { body: meant });
    }
    return answer.counts;
  }

  async #sendParts(path, parts) {
    try {
      for (const [index, items] of parts.entries()) {
        await this.request("PUT", `${path}/parts/${index + 1}`, { body: { items } });
      }
    } catch (error) {
      // An open snapshot would stand in the way of the next one, and of runs, for a day.
      await this.#tryOnce(await this.#build("DELETE", path)).catch(() => {});
      throw error;
    }
  }

  // Runs and generations

  /** Finds what differs from the published state; returns the run once it is planned. */
  async startRun(sourceId, mode = "incremental") {
    const path = `/v1/sources/${sourceId}/runs`;
    let { run } = await this.request("POST", path, { body: { mode } });
    while (run.state === "planning") {
      await this.#sleep(1);
      ({ run } = await this.request("GET", `${path}/${run.id}`));
    }
    if (run.state === "failed") {
      const { code, message } = run.lastError ?? { code: "run_failed", message: "the run failed" };
      throw new RunFailedError(`${run.id}: ${message}`, { code });
    }
    return run;
  }

  /** Yields a run's changes: all, or the `added`, `updated`, `removed`, `restored` or `tombstoned` ones. */
  changes(sourceId, runId, change) {
    return this.pages(`/v1/sources/${sourceId}/runs/${runId}/changes`, "changes", { change });
  }

  /**
   * Publishes a run; returns `{status, generationId, counts}`. With the `planVersion` that was reviewed a run that was
   * planned again since is refused (`stale_plan`), not published: review it again. `approveRemovals` is how many
   * removals may pass the source's `removalGuard`.
   */
  applyRun(sourceId, runId, { planVersion, approveRemovals } = {}) {
    const finalCodes = planVersion === undefined ? [] : ["stale_plan", "stale_base"];
    const body = { planVersion, approveRemovals };
    return this.request("POST", `/v1/sources/${sourceId}/runs/${runId}/apply`, { body, finalCodes });
  }

  /** Reads a generation; by default the one that is served. */
  async generation(sourceId, generationId = "current") {
    return (await this.request("GET", `/v1/sources/${sourceId}/generations/${generationId}`)).generation;
  }

  /** Yields what a generation serves; `include: "content"` adds the contents. */
  generationItems(sourceId, generationId = "current", query = {}) {
    return this.pages(`/v1/sources/${sourceId}/generations/${generationId}/items`, "items", query);
  }
}

/** Percent-encodes one part of a path: an externalItemId may hold `/`, spaces and any Unicode. */
export function pathSegment(text) {
  if (["", ".", ".."].includes(text)) throw new RangeError(`"${text}" can't be an id`);
  return encodeURIComponent(text);
}

/** Cuts items into lists that one request takes. */
export function* partsOf(items) {
  let part = [];
  let size = 0;
  for (const item of items) {
    const length = Buffer.byteLength(JSON.stringify(item)) + 1;
    if (part.length > 0 && (part.length === PART_ITEMS || size + length > PART_BYTES)) {
      yield part;
      [part, size] = [[], 0];
    }
    part.push(item);
    size += length;
  }
  if (part.length > 0) yield part;
}

function parsedObject(text) {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === "object" && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function errorOf(method, path, answer, body) {
  const kind = ERRORS[answer.status] ?? (answer.status >= 500 ? ServerError : ApiError);
  const said = body.error ?? `HTTP ${answer.status} without an error of the API; is CHATBOT_API right?`;
  const retryAfter = answer.headers.get("Retry-After");
  return new kind(`${method} ${path}: ${said}${faultsOf(body)}`, {
    code: body.code ?? `http_${answer.status}`,
    status: answer.status,
    details: body.details,
    requestId: answer.headers.get("X-Request-Id") ?? undefined,
    retryAfter: /^\d+$/.test(retryAfter ?? "") ? Number(retryAfter) : undefined,
  });
}

/** Tells the first faults of a validation_error: ` name is missing; graceDays must be ...`. */
function faultsOf({ details }) {
  const faults = Array.isArray(details) ? details.filter((fault) => fault?.message) : [];
  const told = faults.slice(0, SHOWN_FAULTS).map(({ path, message }) => `${path ?? ""} ${message}`.trim());
  return told.length > 0 ? ` ${told.join("; ")}` : "";
}
