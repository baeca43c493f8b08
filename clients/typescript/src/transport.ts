/** Sends requests of the API: the key, tries, and what came back, as JSON or as one of the errors. */

import { errorOf, type Json, objectOf, tagged, textOf } from "./answers.js";
import { type Body, bodyOf, checkText } from "./bodies.js";
import { ApiError, InvalidArgumentError, NoAnswerError } from "./errors.js";
import { type Retries, waitAfter } from "./retrying.js";
import { NODE_VERSION } from "./runtime.js";
import type { Secret } from "./settings.js";

export type Query = Readonly<Record<string, unknown>>;
export type Fetch = (url: string, request: RequestInit) => Promise<Response>;

/** What every call takes. */
export interface Reading {
  /** Ends the call, its tries and its waits, by throwing the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What a read takes that need not be answered when it is what one has. */
export interface Rereading extends Reading {
  /** A tag (`etagOf`), or several: throws NotModifiedError when what is there is what one of them names. */
  readonly ifNoneMatch?: string | undefined;
}

/** What every call that changes something takes. */
export interface Writing extends Reading {
  /** One of your own makes even a job safe that is started again; 1 to 255 printable ASCII characters. */
  readonly idempotencyKey?: string | undefined;
}

/** What a change takes that minds what is there. */
export interface Changing extends Writing {
  /** A tag (`etagOf`), several, or `*` for whatever: throws PreconditionFailedError when something else is there. */
  readonly ifMatch?: string | undefined;
}

/** What a write takes that may also create. */
export interface Creating extends Changing {
  /** `*`: throws PreconditionFailedError when anything is there. */
  readonly ifNoneMatch?: string | undefined;
}

/** One request, whatever it takes to send it. `repeatable` is false for what must not be done twice. */
export interface Call extends Creating {
  readonly method: string;
  readonly path: string;
  readonly query?: Query | undefined;
  readonly body?: Body | undefined;
  readonly repeatable?: boolean;
  readonly finalCodes?: readonly string[];
}

/** How a client sends. */
export interface Sending {
  readonly fetch: Fetch;
  readonly retries: Retries;
  readonly timeoutSeconds: number;
  readonly userAgent: string;
  /** Wait for some seconds; throws the signal's reason when it is aborted. */
  readonly sleep: (seconds: number, signal?: AbortSignal) => Promise<void>;
  /** Seconds that never go back. */
  readonly clock: () => number;
  readonly onRetry: (error: ApiError, waitSeconds: number) => void;
}

/** The API with one key, shared by all parts of a client. */
export class Transport {
  readonly #key: Secret;

  constructor(
    readonly baseUrl: string,
    key: Secret,
    readonly sending: Sending,
  ) {
    this.#key = key;
  }

  /** Read something. */
  get(path: string, query: Query = {}, { ifNoneMatch, signal }: Rereading = {}): Promise<Json> {
    return this.send({ method: "GET", path, query, ifNoneMatch, signal });
  }

  /** Ask something by a POST that changes nothing, such as a search. */
  async read(path: string, body: object, reading: Reading = {}, repeatable = true): Promise<Json> {
    return this.send({ method: "POST", path, body: await bodyOf(body), repeatable, signal: reading.signal });
  }

  /** Change something, under a new Idempotency-Key unless the caller has one. */
  async write(
    method: string,
    path: string,
    body: object | undefined,
    writing: Creating = {},
    more: Pick<Call, "query" | "finalCodes"> = {},
  ): Promise<Json> {
    const { ifMatch, ifNoneMatch, signal } = writing;
    const idempotencyKey = writing.idempotencyKey ?? crypto.randomUUID();
    if (!/^[ -~]{1,255}$/.test(idempotencyKey)) {
      throw new InvalidArgumentError("an Idempotency-Key has 1 to 255 printable ASCII characters");
    }
    const sent = body === undefined ? undefined : await bodyOf(body);
    return this.send({ ...more, method, path, body: sent, idempotencyKey, ifMatch, ifNoneMatch, signal });
  }

  /** Send a request as often as it takes, and return the JSON object of its answer; throws ApiError. */
  async send(call: Call): Promise<Json> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.tryOnce(call);
      } catch (error) {
        if (!(error instanceof ApiError) || call.finalCodes?.includes(error.code)) throw error;
        const wait = waitAfter(this.sending.retries, tries, error, call.repeatable ?? true);
        if (wait === undefined) throw error;
        this.sending.onRetry(error, wait);
        await this.sending.sleep(wait, call.signal);
      }
    }
  }

  /** Send a request once. */
  async tryOnce(call: Call): Promise<Json> {
    const headers: Record<string, string> = { Accept: "application/json", ...conditionsOf(call), ...call.body?.headers };
    if (NODE_VERSION !== undefined) headers["User-Agent"] = `${this.sending.userAgent} node/${NODE_VERSION}`;
    if (call.idempotencyKey !== undefined) headers["Idempotency-Key"] = call.idempotencyKey;
    const url = this.baseUrl + call.path + queryOf(call.query ?? {});
    const doing = `${call.method} ${new URL(this.baseUrl).pathname}${call.path}`;
    const request: RequestInit = { method: call.method, headers, body: call.body?.content ?? null };
    const [answer, content] = await this.#exchange(url, request, doing, call.signal, this.#key);
    const body = objectOf(content);
    if (answer.ok && body !== undefined) return tagged(body, answer.headers.get("ETag"));
    throw errorOf(answer, body ?? {}, doing);
  }

  /** Read what lies behind a link of the API, without the key. */
  async fetchLink(link: string, doing: string, signal?: AbortSignal): Promise<Json> {
    for (let tries = 1; ; tries += 1) {
      try {
        const [answer, content] = await this.#exchange(link, { method: "GET" }, doing, signal);
        const body = objectOf(content);
        if (answer.ok && body !== undefined) return body;
        throw errorOf(answer, {}, doing);
      } catch (error) {
        const wait = error instanceof ApiError ? waitAfter(this.sending.retries, tries, error, true) : undefined;
        if (wait === undefined) throw error;
        await this.sending.sleep(wait, signal);
      }
    }
  }

  async #exchange(
    url: string,
    request: RequestInit,
    doing: string,
    signal?: AbortSignal,
    key?: Secret,
  ): Promise<[Response, string]> {
    const bound = bounded(this.sending.timeoutSeconds, signal);
    try {
      // A redirect would take the key and the body to somebody else. The key is put in here, so that no error holds it.
      const headers = { ...(request.headers as Record<string, string>), ...(key && { Authorization: `Bearer ${key.reveal()}` }) };
      const answer = await this.sending.fetch(url, { ...request, headers, redirect: "manual", signal: bound.signal });
      return [answer, await textOf(answer, doing)];
    } catch (error) {
      throw unanswered(error, doing, signal);
    } finally {
      bound.end();
    }
  }
}

/** What whoever asked is told of a request that failed: why it was stopped, the API's own error, or that no answer came. */
export function unanswered(error: unknown, doing: string, signal?: AbortSignal): unknown {
  if (error instanceof ApiError) return error;
  if (signal?.aborted) return signal.reason;
  return new NoAnswerError(`no answer: ${causeOf(error)}`, { code: "no_answer", doing, cause: error });
}

/** A signal that is aborted after a time, or with another one. */
export function bounded(
  seconds: number,
  signal?: AbortSignal,
  controller = new AbortController(),
): { signal: AbortSignal; end: () => void } {
  const stop = (): void => controller.abort(signal?.reason);
  const timer = setTimeout(() => controller.abort(new Error(`not within ${seconds} s`)), seconds * 1000);
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop, { once: true });
  return {
    signal: controller.signal,
    end: () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
    },
  };
}

/** Tell why fetch failed: Node hides it in the cause. */
export function causeOf(error: unknown): string {
  const told: string[] = [];
  for (let each = error; each instanceof Error; each = each.cause) if (each.message) told.push(each.message);
  return told.at(-1) ?? String(error);
}

function conditionsOf({ ifMatch, ifNoneMatch }: Call): Record<string, string> {
  const given: Record<string, string> = {};
  for (const [name, value] of [["If-Match", ifMatch], ["If-None-Match", ifNoneMatch]] as const) {
    if (value === undefined) continue;
    if (!/^[!-~][ -~]*$/.test(value)) {
      const told = `${JSON.stringify(value)} is no ETag for ${name}: give one as it was read, with its quotes, or *`;
      throw new InvalidArgumentError(told);
    }
    given[name] = value;
  }
  return given;
}

function queryOf(query: Query): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null) continue;
    checkText(String(value), name);
    given.set(name, String(value));
  }
  return given.size > 0 ? `?${given}` : "";
}
