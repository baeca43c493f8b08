/** Verifies webhooks (Standard Webhooks 1.0). Needs standardwebhooks from npm; copy it with your receiver. */

import { Webhook } from "standardwebhooks";

const HEADERS = ["webhook-id", "webhook-timestamp", "webhook-signature"];

/** Thrown for a message that must not be believed; `status` is what to answer. */
export class UnverifiedWebhookError extends Error {
  constructor(message, status) {
    super(message);
    this.name = "UnverifiedWebhookError";
    this.status = status;
  }
}

/**
 * Returns the event of a message that one of the secrets signed within the last five minutes.
 *
 * `body` is what came over the wire, a Buffer: JSON that was parsed and written again has another signature.
 * `secrets` are the `whsec_...` of the endpoint: two while one is rotated. Throws UnverifiedWebhookError.
 */
export function verify(body, headers, secrets) {
  const given = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const missing = HEADERS.filter((name) => !given[name]);
  if (missing.length > 0) throw new UnverifiedWebhookError(`no ${missing.join(", ")}: this is no webhook`, 400);
  if (!secrets.some((secret) => signed(body, given, secret))) {
    throw new UnverifiedWebhookError("none of the secrets signed this within the last five minutes", 401);
  }
  const event = JSON.parse(body.toString());
  if (event === null || typeof event !== "object" || Array.isArray(event)) {
    throw new UnverifiedWebhookError("the body is no JSON object", 400);
  }
  return event;
}

function signed(body, headers, secret) {
  try {
    new Webhook(secret).verify(body, headers, { jsonParse: false });
    return true;
  } catch {
    return false;
  }
}
