/** Where the API is, and the key: as people copy them. Pure, but for the environment that it is handed. */

import { SettingsError } from "./errors.js";

/** The stage that API Gateway serves under, and so every address without a path of its own. */
const DEFAULT_PATH = "/api";
const NEEDED = "set CHATBOT_API (https://your-host/api) and CHATBOT_KEY (sk_live_...)";

/** Variables of the environment; a browser has none. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A text that shows itself nowhere: neither printed, nor inspected, nor as JSON. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** Return the text, for the one place that sends it. */
  reveal(): string {
    return this.#text;
  }
}

/**
 * Return the address that paths such as `/v1/sources` follow, without a slash at its end; throws SettingsError.
 *
 * `https://host`, `https://host/`, `https://host/api`, `https://host/api/` and `https://host/api/v1` are all the same.
 * Any other path is kept: somebody has put the API there.
 */
export function readBaseUrl(given: string | undefined, environment: Environment): string {
  const text = (given ?? environment["CHATBOT_API"] ?? "").trim();
  let parts: URL | undefined;
  try {
    parts = new URL(text);
  } catch {
    parts = undefined;
  }
  // A URL is read leniently: it drops line feeds and adds slashes that a mistyped one does not have.
  if (!parts || !/^https?:\/\/[^/]/i.test(text) || /[\s\0-\x1f\x7f]/.test(text)) {
    const told = text === "" ? "is missing" : "is no address that begins with http:// or https://";
    throw new SettingsError(`${NEEDED}; the address ${told}`);
  }
  if (parts.username || parts.password || parts.search || parts.hash || /[?#]/.test(text)) {
    throw new SettingsError(`${NEEDED}; the address has more than a scheme, a host and a path`);
  }
  const path = parts.pathname.replace(/\/+$/, "").replace(/\/v1$/, "").replace(/\/+$/, "");
  return parts.origin + (path || DEFAULT_PATH);
}

/** Return the key without what stands around it, such as a line feed; throws SettingsError, without it. */
export function readKey(given: string | undefined, environment: Environment): Secret {
  const text = (given ?? environment["CHATBOT_KEY"] ?? "").trim();
  // What no header can hold would otherwise look as if nothing answered.
  if (!/^[\w.~+/=-]+$/.test(text)) {
    throw new SettingsError(`${NEEDED}; the key is ${text === "" ? "missing" : "cut, or has spaces or quotes in it"}`);
  }
  return new Secret(text);
}
