/** Tells real webhooks from others (Standard Webhooks 1.0). It knows no connection, and the clock can be handed in. */

import { InvalidArgumentError, UnverifiedWebhookError } from "./errors.js";

const HEADERS = ["webhook-id", "webhook-timestamp", "webhook-signature"] as const;
const TOLERANCE_SECONDS = 300;

/** Headers as `fetch`, Node's `http` or a framework hands them over. */
export type GivenHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

/** `now` is in seconds since 1970. */
export interface Verifying {
  readonly toleranceSeconds?: number;
  readonly now?: number;
}

/**
 * Return the event of a message that one of the secrets signed within the last five minutes.
 *
 * `body` is what came over the wire, byte for byte: JSON that was parsed and written again has another signature.
 * `secrets` are the `whsec_...` of the endpoint: two while one is rotated, as a list or with spaces in between. Throws
 * UnverifiedWebhookError with the status to answer, and InvalidArgumentError for a secret that is none.
 */
export async function verifyWebhook(
  body: Uint8Array | ArrayBuffer | string,
  headers: GivenHeaders,
  secrets: string | Iterable<string>,
  { toleranceSeconds = TOLERANCE_SECONDS, now = Date.now() / 1000 }: Verifying = {},
): Promise<Record<string, unknown>> {
  const listed = typeof secrets === "string" ? secrets.split(/\s+/).filter(Boolean) : [...secrets];
  const keys = listed.map(keyOf);
  if (keys.length === 0) throw new InvalidArgumentError("a webhook is verified with one secret or more (whsec_...)");
  const given = lowered(headers);
  const missing = HEADERS.filter((name) => !given.get(name));
  if (missing.length > 0) throw new UnverifiedWebhookError(`no ${missing.join(", ")}: this is no webhook`, 400);
  const [id, at, signatures] = HEADERS.map((name) => given.get(name)) as [string, string, string];
  const content = typeof body === "string" ? new TextEncoder().encode(body) : new Uint8Array(body);
  const head = new TextEncoder().encode(`${id}.${at}.`);
  const signed = new Uint8Array(head.length + content.length);
  signed.set(head);
  signed.set(content, head.length);
  let found = false;
  for (const key of keys) found = (await isSigned(key, signed, signatures)) || found;
  if (!found) throw new UnverifiedWebhookError("none of the secrets signed this", 401);
  checkTime(at, now, toleranceSeconds);
  return eventOf(content);
}

function lowered(headers: GivenHeaders): Map<string, string> {
  const named = headers instanceof Headers ? [...headers] : Object.entries(headers);
  return new Map(named.map(([name, value]) => [name.toLowerCase(), typeof value === "string" ? value : (value?.[0] ?? "")]));
}

function keyOf(secret: string): Uint8Array<ArrayBuffer> {
  const text = secret.trim().replace(/^whsec_/, "");
  // Without the secret, and without an error that shows it.
  if (text === "" || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) {
    throw new InvalidArgumentError("a secret of webhooks is whsec_ and base64; copy it anew");
  }
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

async function isSigned(key: Uint8Array<ArrayBuffer>, signed: Uint8Array<ArrayBuffer>, signatures: string): Promise<boolean> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const secret = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  const wanted = `v1,${btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.sign("HMAC", secret, signed))))}`;
  let found = false;
  for (const each of signatures.split(" ")) found = isSame(each, wanted) || found;
  return found;
}

/** Compare in the same time wherever they differ. */
function isSame(one: string, other: string): boolean {
  let difference = one.length ^ other.length;
  for (let at = 0; at < other.length; at += 1) difference |= one.charCodeAt(at) ^ other.charCodeAt(at);
  return difference === 0;
}

/** What was signed rightly may be old and sent again, or this machine's clock may be wrong: tell which way. */
function checkTime(at: string, now: number, tolerance: number): void {
  if (!/^\d+$/.test(at)) throw new UnverifiedWebhookError("webhook-timestamp is no time", 401);
  const late = now - Number(at);
  if (Math.abs(late) > tolerance) {
    const told = `${Math.abs(late).toFixed(0)} s ${late > 0 ? "ago" : "ahead"} by the clock of this machine`;
    throw new UnverifiedWebhookError(`it was signed ${told}; ${tolerance} s are allowed: check that clock`, 401);
  }
}

function eventOf(content: Uint8Array): Record<string, unknown> {
  let event: unknown;
  try {
    event = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(content));
  } catch {
    event = undefined;
  }
  if (typeof event !== "object" || event === null || Array.isArray(event)) {
    throw new UnverifiedWebhookError("the body is no JSON object", 400);
  }
  return event as Record<string, unknown>;
}
