/** The API, by the client that everybody else uses. Each request is shown to whoever wants to see it. */

import { KnowledgeClient } from "../../clients/typescript/src/index.js";
import { note } from "./requests.js";
import { begin, caller, end, session } from "./session.js";

/** Where the API is: the portal lies at `site/portal/` below it. */
export const BASE_URL = new URL("../..", new URL(location.pathname, location.origin)).href.replace(/\/$/, "");

/** Headers that change what a request does, and so belong to what is shown of it. */
const TOLD_HEADERS = ["If-Match", "If-None-Match"];

/** A client with the session of this tab, or with another key: whoever signs in has no session yet. */
export function api(key: string = session.value?.secret ?? "none"): KnowledgeClient {
  return new KnowledgeClient({
    baseUrl: BASE_URL,
    key,
    // A person waits: what does not pass soon is told.
    retries: { tries: 3, longestWaitSeconds: 10 },
    fetch: (url, request) => fetchAndNote(url, request, key),
  });
}

/** Exchange a key, or the code of a one-time link, for a session. Throws what the API says. */
export async function signIn(key: string): Promise<void> {
  const { session: made, secret } = await api(key).sessions.create();
  begin({ secret, id: made.id, expiresAt: made.expiresAt });
}

/** End the session at the API, too, as far as it still can be. */
export async function signOut(): Promise<void> {
  const open = session.value;
  if (open === null) return;
  await api().sessions.end(open.id).catch(() => undefined);
  end("signed_out");
}

/** Read who is signed in, once a session. */
export async function readCaller(): Promise<void> {
  const asked = session.value;
  const told = await api().whoAmI();
  if (session.value === asked) caller.value = told;
}

async function fetchAndNote(url: string, request: RequestInit, key: string): Promise<Response> {
  const answer = await fetch(url, request);
  if (!url.startsWith(`${BASE_URL}/`)) return answer;
  const { pathname, searchParams } = new URL(url);
  const sent = Object.entries(request.headers as Record<string, string>);
  note({
    method: request.method ?? "GET",
    path: pathname.slice(new URL(BASE_URL).pathname.length),
    query: [...searchParams],
    body: bodyOf(request),
    headers: Object.fromEntries(sent.filter(([name]) => TOLD_HEADERS.includes(name))),
    status: answer.status,
    requestId: answer.headers.get("X-Request-Id"),
  });
  if (answer.status === 401 && key === session.value?.secret) end("ended");
  return answer;
}

/** What was sent, unless it was so much that it went out compressed. */
function bodyOf({ body, headers }: RequestInit): unknown {
  if (!(body instanceof Uint8Array) || "Content-Encoding" in (headers as object)) return undefined;
  const sent = JSON.parse(new TextDecoder().decode(body)) as Record<string, unknown>;
  // A text that is asked about is a secret, too.
  return "secret" in sent ? { ...sent, secret: "…" } : sent;
}
