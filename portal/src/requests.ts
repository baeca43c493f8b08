/** What this screen asked of the API, so that a person can do the same from a script. No secret is kept. */

import { signal } from "@preact/signals";

/** A request as it was sent; `path` begins with `/v1/`. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number | null;
  readonly requestId: string | null;
}

const KEPT = 20;

/** The newest first. A screen that is opened begins with none. */
export const requests = signal<readonly Asked[]>([]);

/** Keep a request; of the same asked again (a job that is watched) the newest. */
export function note(asked: Asked): void {
  const same = (each: Asked): boolean => JSON.stringify([each.method, each.path, each.query, each.body])
    === JSON.stringify([asked.method, asked.path, asked.query, asked.body]);
  requests.value = [asked, ...requests.value.filter((each) => !same(each))].slice(0, KEPT);
}

/** A request as a line of curl. */
export function asCurl(asked: Asked, baseUrl: string): string {
  const url = `${baseUrl}${asked.path}${queryOf(asked)}`;
  const parts = [`curl ${asked.method === "GET" ? "" : `-X ${asked.method} `}${quoted(url)}`];
  parts.push(`-H "Authorization: Bearer $CHATBOT_KEY"`);
  for (const [name, value] of Object.entries(asked.headers)) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (asked.body !== undefined) {
    parts.push(`-H "Content-Type: application/json"`, `-d ${quoted(JSON.stringify(asked.body))}`);
  }
  return parts.join(" \\\n  ");
}

/** A request with the Python client. */
export function asPython(asked: Asked): string {
  const given = [JSON.stringify(asked.method), JSON.stringify(asked.path)];
  if (asked.body !== undefined) given.push(python(asked.body));
  if (asked.query.length > 0) given.push(`query=${python(Object.fromEntries(asked.query))}`);
  return `from knowledge_client import KnowledgeClient\n\nclient = KnowledgeClient()\nprint(client.request(${given.join(", ")}))`;
}

/** A request with the TypeScript client. */
export function asTypeScript(asked: Asked): string {
  const more: string[] = [];
  if (asked.body !== undefined) more.push(`body: ${JSON.stringify(asked.body)}`);
  if (asked.query.length > 0) more.push(`query: ${JSON.stringify(Object.fromEntries(asked.query))}`);
  const options = more.length > 0 ? `, { ${more.join(", ")} }` : "";
  return `import { KnowledgeClient } from "knowledge-client";\n\nconst client = new KnowledgeClient();\nconsole.log(await client.request(${JSON.stringify(asked.method)}, ${JSON.stringify(asked.path)}${options}));`;
}

/** Quote a text for a POSIX shell. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function queryOf({ query }: Asked): string {
  const given = new URLSearchParams(query.map(([name, value]) => [name, value]));
  return given.size > 0 ? `?${given}` : "";
}

function python(value: unknown): string {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  if (typeof value === "object") {
    return `{${Object.entries(value as object).map(([name, each]) => `${JSON.stringify(name)}: ${python(each)}`).join(", ")}}`;
  }
  return JSON.stringify(value);
}
