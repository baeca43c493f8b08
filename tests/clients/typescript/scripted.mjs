/** A client whose answers are written down, and what it sent: no socket is opened. */

import { gunzipSync } from "node:zlib";

// What was built, wherever that is: pytest says.
export const package_ = await import(process.env.CLIENT_BUILD + "/index.js");
export const KEY = "sk_test_a.key-that_nobody=knows";
export const ITEM = { externalItemId: "a", title: "A", content: "a" };

export function answer(status = 200, body = {}, headers = {}) {
  return () => new Response(status === 204 ? null : JSON.stringify(body), { status, headers });
}

export function refusal(status, code, details, headers = {}) {
  const body = { error: `about ${code}`, code, ...(details ? { details } : {}) };
  return answer(status, body, { "X-Request-Id": `request-of-${code}`, ...headers });
}

export function broken(message = "the connection broke") {
  return () => {
    throw new TypeError("fetch failed", { cause: new Error(message) });
  };
}

/** Answers in turn; `client` sends to it, and its waits are only noted. */
export function script(...answers) {
  const seen = { requests: [], waits: [], now: 0 };
  const fetch = async (url, { method, headers, body, redirect, signal }) => {
    signal.throwIfAborted();
    const content = body ? Buffer.from(await new Response(body).arrayBuffer()) : undefined;
    const request = { url, method, headers: new Headers(headers), content, redirect };
    const plain = request.headers.get("Content-Encoding") === "gzip" ? gunzipSync(content) : content;
    if (request.headers.get("Content-Type") === "application/json" && plain) request.json = JSON.parse(plain);
    seen.requests.push(request);
    const next = answers.shift();
    if (!next) throw new Error(`nothing is written down for ${method} ${url}`);
    return next(request);
  };
  const sleep = async (seconds, signal) => {
    signal?.throwIfAborted();
    seen.waits.push(seconds);
    seen.now += seconds;
  };
  seen.make = (options = {}) =>
    new package_.KnowledgeClient({
      baseUrl: "https://host.example/api",
      key: KEY,
      fetch,
      sleep,
      clock: () => seen.now,
      ...options,
      retries: { dice: () => 0.5, ...options.retries },
    });
  seen.client = seen.make();
  seen.asked = () => seen.requests.map(({ method, url }) => `${method} ${url.replace("https://host.example/api/v1", "")}`);
  return seen;
}
