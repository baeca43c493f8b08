/** What came back: JSON of the API with its entity tag, or what stands for one of the errors. */

import { ApiError, BY_STATUS, NotModifiedError, type Refusal, ServerError, UnexpectedAnswerError } from "./errors.js";
import { readRetryAfter } from "./retrying.js";

/** An answer; whoever asked says what is in it. */
export type Json = Record<string, any>;

/** Lambda answers no more than 6 MiB, and a link to a content leads to little more. */
export const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/** Beside the objects, so that these are what the API sent and nothing else. */
const TAGS = new WeakMap<object, string>();

/**
 * The `ETag` of what a method returned, for `ifMatch` and `ifNoneMatch`; undefined for what has none.
 *
 * One thing that was read or written has one, and so has each page of `answers()` of a listing; its entries have none.
 */
export function etagOf(thing: object): string | undefined {
  return TAGS.get(thing);
}

/** Note the tag of an answer. One on one thing has it in a field, and that is what the methods return. */
export function tagged(body: Json, etag: string | null): Json {
  if (etag === null) return body;
  for (const each of [body, ...Object.values(body)]) if (typeof each === "object" && each !== null) TAGS.set(each, etag);
  return body;
}

/** Read a body to its end; throws UnexpectedAnswerError when it is larger than any answer. */
export async function textOf(answer: Response, doing: string): Promise<string> {
  const reader = answer.body?.getReader();
  const text = new TextDecoder();
  let read = "";
  let size = 0;
  while (reader !== undefined) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > MAX_ANSWER_BYTES) {
      await reader.cancel();
      const told = `over ${MAX_ANSWER_BYTES} bytes, which is more than the API answers`;
      throw new UnexpectedAnswerError(told, { code: "answer_too_large", doing, status: answer.status });
    }
    read += text.decode(value, { stream: true });
  }
  return read + text.decode();
}

/** Take a text for a JSON object; undefined when it is none. */
export function objectOf(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

/** The error that an answer stands for. */
export function errorOf(answer: Response, body: Json, doing: string): ApiError {
  const { status } = answer;
  const etag = answer.headers.get("ETag") ?? undefined;
  if (status === 304) return new NotModifiedError("it is what the tag names", { code: "not_modified", doing, status, etag });
  // Absence is only believed of the API itself: a proxy's page that says 404 says nothing of a generation.
  const known = typeof body["code"] === "string" && status >= 400;
  const strange = status >= 500 ? ServerError : UnexpectedAnswerError;
  const kind = known ? (BY_STATUS[status] ?? (status >= 500 ? ServerError : ApiError)) : strange;
  const details: unknown = known ? body["details"] : undefined;
  const refusal: Refusal = {
    code: known ? (body["code"] as string) : `http_${status}`,
    doing,
    status,
    details: Array.isArray(details) ? details.filter((each) => typeof each === "object" && each !== null) : undefined,
    requestId: answer.headers.get("X-Request-Id") ?? undefined,
    retryAfter: readRetryAfter(answer.headers.get("Retry-After")),
    etag,
  };
  return new kind(known ? String(body["error"] ?? body["code"]) : strangeness(answer, body), refusal);
}

/** Whether an answer sends elsewhere; browsers show no more of it than that. */
export function isRedirect(answer: Response): boolean {
  return answer.type === "opaqueredirect" || (answer.status >= 300 && answer.status < 400);
}

function strangeness(answer: Response, body: Json): string {
  if (isRedirect(answer)) {
    // Without what stands behind the path, which may be somebody's secret.
    const target = (answer.headers.get("Location") ?? "").split(/[?#]/)[0];
    return `HTTP ${answer.status} to ${target || "somewhere"}, which is not followed; is CHATBOT_API right?`;
  }
  const said: unknown = body["error"] ?? body["message"];
  const told = typeof said === "string" ? ` (${said})` : "";
  return `HTTP ${answer.status}${told} without an answer of the API; is CHATBOT_API right?`;
}
