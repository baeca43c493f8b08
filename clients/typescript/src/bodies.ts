/** Bodies of requests: JSON that can always be sent, gzip over a size, and cutting many items into requests. */

import { InvalidArgumentError } from "./errors.js";

export const GZIP_OVER_BYTES = 256 * 1024;
/** A request takes 5 000 items and 8 MiB of JSON, but the gateway only 4.5 MiB even of what does not compress. */
export const PART_ITEMS = 1_000;
export const PART_BYTES = 3_500_000;
/** Lists of what was handed in, in the bodies that hold any. */
const LISTS: ReadonlySet<string> = new Set(["items", "removals"]);

/** A body as it goes out, and the headers that say what it is. */
export interface Body {
  readonly content: Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

/** Items from anywhere: a list, a generator, a database's cursor. */
export type Items<Item> = Iterable<Item> | AsyncIterable<Item>;

/** Write a JSON object; throws InvalidArgumentError, which names the item that is no JSON. */
export async function bodyOf(value: object): Promise<Body> {
  let text: string;
  try {
    text = encode(value);
  } catch (error) {
    throw new InvalidArgumentError(unwritable(value, error));
  }
  const content = new TextEncoder().encode(text);
  const headers = { "Content-Type": "application/json" };
  if (content.length <= GZIP_OVER_BYTES) return { content, headers };
  const zipped = new Blob([content]).stream().pipeThrough(new CompressionStream("gzip"));
  return {
    content: new Uint8Array(await new Response(zipped).arrayBuffer()),
    headers: { ...headers, "Content-Encoding": "gzip" },
  };
}

/**
 * Write JSON; throws TypeError for what JSON.stringify would change without a word, such as NaN or a Map.
 *
 * Half of a surrogate pair is no Unicode: it goes out escaped, and the API says where.
 */
export function encode(value: unknown): string {
  const text = JSON.stringify(value, faithful) as string | undefined;
  if (text === undefined) throw new TypeError("it is undefined");
  return text;
}

function faithful(this: unknown, name: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError(`${name || "it"} is ${value}`);
  const foreign = typeof value === "bigint" || typeof value === "function" || typeof value === "symbol";
  if (foreign || (value === undefined && Array.isArray(this))) {
    throw new TypeError(`${name || "it"} is ${value === undefined ? "undefined" : `a ${typeof value}`}`);
  }
  if (value instanceof Map || value instanceof Set || ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    throw new TypeError(`${name || "it"} is a ${value.constructor.name}`);
  }
  return value;
}

/** Percent-encode one part of a path: an externalItemId may hold `/`, spaces and any Unicode. */
export function pathSegment(text: string): string {
  if (text === "" || text === "." || text === "..") throw new InvalidArgumentError(`"${text}" can't be an id`);
  checkText(text, "an id");
  // Parentheses and the like are safe in a path, but every client sends them alike.
  return encodeURIComponent(text).replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Refuse half of a surrogate pair, which a URL would carry as another character. */
export function checkText(text: string, what: string): void {
  if (/\p{Surrogate}/u.test(text)) {
    throw new InvalidArgumentError(`${what}: ${JSON.stringify(text.slice(0, 200))} has half of a surrogate pair in it`);
  }
}

/** Cut items into lists that one request takes, by their number and their bytes, without reading further ahead. */
export async function* partsOf<Item>(items: Items<Item>, partItems = PART_ITEMS): AsyncGenerator<Item[], void, void> {
  const bytes = new TextEncoder();
  let part: Item[] = [];
  let size = 0;
  let number = 0;
  for await (const item of items) {
    let length: number;
    try {
      length = bytes.encode(encode(item)).length + 2;
    } catch (error) {
      throw new InvalidArgumentError(`items[${number}]${nameOf(item)} is no JSON: ${(error as Error).message}`);
    }
    if (part.length > 0 && (part.length === partItems || size + length > PART_BYTES)) {
      yield part;
      part = [];
      size = 0;
    }
    part.push(item);
    size += length;
    number += 1;
  }
  if (part.length > 0) yield part;
}

/** Name what can't be written: the item of a list, or the field. */
function unwritable(value: object, error: unknown): string {
  for (const [name, inner] of Object.entries(value)) {
    const listed = LISTS.has(name) && Array.isArray(inner);
    const entries: [string, unknown][] = listed ? inner.map((each, at) => [`${name}[${at}]`, each]) : [[name, inner]];
    for (const [path, each] of entries) {
      if (each === undefined && !listed) continue;
      try {
        encode(each);
      } catch (found) {
        return `${path}${nameOf(each)} is no JSON: ${(found as Error).message}`;
      }
    }
  }
  return `the body is no JSON: ${(error as Error).message}`;
}

function nameOf(item: unknown): string {
  const name = (item as { externalItemId?: unknown } | null | undefined)?.externalItemId;
  return typeof name === "string" ? ` (${name})` : "";
}
