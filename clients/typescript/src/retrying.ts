/** Which requests are sent again, and after how long. Pure, but for the dice. */

import { type ApiError, NoAnswerError } from "./errors.js";

const FIRST_WAIT_SECONDS = 1;
const LONGEST_BACKOFF_SECONDS = 30;

/** Conflicts that pass by themselves. `erasure_in_progress` does too, but takes an hour. */
export const TRANSIENT_CONFLICTS: ReadonlySet<string> = new Set([
  "apply_conflict",
  "apply_in_progress",
  "idempotency_in_progress",
  "lease_lost",
  "run_in_progress",
  "stale_base",
  "stale_plan",
]);
/** Failures of the server that do not. */
export const LASTING_FAILURES: ReadonlySet<string> = new Set(["index_too_large", "index_damaged"]);
/** Said before any work begins, so that even what can't be done twice may be sent again. */
export const REFUSED_BEFORE_WORK: ReadonlySet<string> = new Set(["rate_limited", "index_upgrading"]);

/**
 * How often and how patiently a request is sent.
 *
 * Waits double from one second to 30, and of each a random share is waited (full jitter), so that clients which were
 * refused together do not come back together. A `Retry-After` is waited out, and up to a second more; one that is
 * longer than `longestWaitSeconds` is left to the caller.
 */
export interface Retries {
  /** How often at most a request is sent; 8. */
  readonly tries: number;
  /** The longest `Retry-After` that is waited out; 120. */
  readonly longestWaitSeconds: number;
  /** A number from 0 to 1. */
  readonly dice: () => number;
}

export const DEFAULT_RETRIES: Retries = { tries: 8, longestWaitSeconds: 120, dice: Math.random };

/** Return the seconds to wait after so many tries, or undefined to give up. */
export function waitAfter(retries: Retries, tries: number, error: ApiError, repeatable: boolean): number | undefined {
  if (tries >= retries.tries || !mayPass(error, repeatable)) return undefined;
  if (error.retryAfter !== undefined) {
    return error.retryAfter <= retries.longestWaitSeconds ? error.retryAfter + retries.dice() : undefined;
  }
  return retries.dice() * Math.min(FIRST_WAIT_SECONDS * 2 ** (tries - 1), LONGEST_BACKOFF_SECONDS);
}

/**
 * Tell whether the same request may succeed later, and is safe to be sent again.
 *
 * `repeatable` is true for what reads, and for what changes something under an Idempotency-Key.
 */
export function mayPass(error: ApiError, repeatable: boolean): boolean {
  if (REFUSED_BEFORE_WORK.has(error.code)) return true;
  if (!repeatable) return false;
  if (error instanceof NoAnswerError) return error.code === "no_answer";
  const status = error.status ?? 0;
  if (status === 409) return TRANSIENT_CONFLICTS.has(error.code);
  return status === 429 || (status >= 500 && !LASTING_FAILURES.has(error.code));
}

/** Read a `Retry-After`, in seconds or as a date; undefined for what is neither. */
export function readRetryAfter(header: string | null, now = Date.now()): number | undefined {
  const text = (header ?? "").trim();
  if (/^\d+$/.test(text)) return Number(text);
  // A date of HTTP begins with its weekday; Date.parse alone takes far more for one.
  const at = /^[A-Z][a-z]+,? /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, (at - now) / 1000);
}
