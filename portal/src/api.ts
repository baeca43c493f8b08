/** The API, by the client that everybody else uses. Each request is shown to whoever wants to see it. */

import { KnowledgeClient, type models } from "../../clients/typescript/src/index.js";
import { note } from "./requests.js";
import { begin, caller, end, session } from "./session.js";

/** Where the API is: the portal lies at `site/portal/` below it. */
export const BASE_URL = new URL("../..", new URL(location.pathname, location.origin)).href.replace(/\/$/, "");

/** How one request differs from others. */
export interface Extra {
  /** Such as `If-Match`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Is handed each answer, for its headers. */
  readonly answered?: (answer: Response) => void;
  /** Another key than the session's: whoever signs in has no session yet. */
  readonly key?: string;
}

/** A client with the session of this tab. */
export function api(extra: Extra = {}): KnowledgeClient {
  const key = extra.key ?? session.value?.secret ?? "none";
  return new KnowledgeClient({
    baseUrl: BASE_URL,
    key,
    // A person waits: what does not pass soon is told.
    retries: { tries: 3, longestWaitSeconds: 10 },
    fetch: (url, request) => fetchAndNote(url, request, extra, key),
  });
}

/** Exchange a key, or the code of a one-time link, for a session. Throws what the API says. */
export async function signIn(key: string): Promise<void> {
  const answer = await api({ key }).request("POST", "/v1/portal/sessions", { body: {} });
  const made = answer["session"] as { id: string; expiresAt: string };
  begin({ secret: String(answer["secret"]), id: made.id, expiresAt: made.expiresAt });
}

/** End the session at the API, too, as far as it still can be. */
export async function signOut(): Promise<void> {
  const open = session.value;
  if (open === null) return;
  await api().request("DELETE", `/v1/portal/sessions/${open.id}`).catch(() => undefined);
  end("signed_out");
}

/** Read who is signed in, once a session. */
export async function readCaller(): Promise<void> {
  const asked = session.value;
  const told = await api().whoAmI();
  if (session.value === asked) caller.value = told;
}

/** Read an item with the tag that its next change is sent with. */
export async function itemWithTag(sourceId: string, id: string): Promise<{ item: models.Item; tag: string | null }> {
  let tag: string | null = null;
  const item = await api({ answered: (answer) => (tag = answer.headers.get("ETag")) }).items.get(sourceId, id);
  return { item, tag };
}

async function fetchAndNote(url: string, request: RequestInit, extra: Extra, key: string): Promise<Response> {
  const own = url.startsWith(`${BASE_URL}/`);
  const answer = await fetch(url, own ? { ...request, headers: { ...request.headers, ...extra.headers } } : request);
  if (!own) return answer;
  const { pathname, searchParams } = new URL(url);
  note({
    method: request.method ?? "GET",
    path: pathname.slice(new URL(BASE_URL).pathname.length),
    query: [...searchParams],
    body: bodyOf(request),
    headers: extra.headers ?? {},
    status: answer.status,
    requestId: answer.headers.get("X-Request-Id"),
  });
  if (answer.status === 401 && key === session.value?.secret) end("ended");
  extra.answered?.(answer);
  return answer;
}

/** What was sent, unless it was so much that it went out compressed. */
function bodyOf({ body, headers }: RequestInit): unknown {
  if (!(body instanceof Uint8Array) || "Content-Encoding" in (headers as object)) return undefined;
  return JSON.parse(new TextDecoder().decode(body));
}
