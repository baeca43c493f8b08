/** Lists of any length, read page by page as they are asked for. */

import type { Json } from "./answers.js";
import { ApiError } from "./errors.js";
import type { Query, Reading, Transport } from "./transport.js";

/** The most that one page takes. */
const PAGE_ENTRIES = 200;
/** What storage answers to a link that has expired. */
const LINK_EXPIRED = 403;

/** What a list takes beside its query: `withContent` also reads what lies behind links. */
export interface Listed extends Reading {
  readonly withContent?: boolean;
}

/** What a list of changes between generations takes, too: `withItems` brings items whole, as they are served since. */
export interface WithItems {
  readonly withItems?: boolean;
}

/** A list of the API, for `for await`. Each time that it is gone through, it is read anew. */
export class Listing<Entry extends object> implements AsyncIterable<Entry> {
  readonly #transport: Transport;
  readonly #path: string;
  readonly #entries: string;
  readonly #query: Query;
  readonly #listed: Listed;

  /** Name the list; `entries` is its field in an answer. */
  constructor(transport: Transport, path: string, entries: string, query: object & Listed & WithItems = {}) {
    const { withContent = false, withItems = false, signal, ...given } = query;
    const include = withItems ? "items" : withContent ? "content" : undefined;
    this.#transport = transport;
    this.#path = path;
    this.#entries = entries;
    this.#query = { limit: PAGE_ENTRIES, ...given, ...(include ? { include } : {}) };
    this.#listed = { withContent: include !== undefined, signal };
  }

  /** Yield the entries one by one; only one page of them is held. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Entry, void, void> {
    for await (const [page, readAgain] of this.#answers()) {
      for (const entry of page[this.#entries] as Json[]) yield await this.#whole(entry, readAgain);
    }
  }

  /** Yield the entries page by page, for whoever notes how far it came. A page may be empty. */
  async *pages(): AsyncGenerator<Entry[], void, void> {
    for await (const [page, readAgain] of this.#answers()) {
      const entries: Entry[] = [];
      for (const entry of page[this.#entries] as Json[]) entries.push(await this.#whole(entry, readAgain));
      yield entries;
    }
  }

  /** Yield the pages as the API answers them, with what they say beside their entries. */
  async *answers(): AsyncGenerator<Json, void, void> {
    for await (const [page] of this.#answers()) yield page;
  }

  /** Read all of it. */
  async toArray(): Promise<Entry[]> {
    const entries: Entry[] = [];
    for await (const entry of this) entries.push(entry);
    return entries;
  }

  async *#answers(): AsyncGenerator<[Json, () => Promise<Json>], void, void> {
    let cursor: string | null | undefined;
    do {
      const query = { ...this.#query, ...(cursor ? { cursor } : {}) };
      const read = (): Promise<Json> => this.#transport.get(this.#path, query, this.#listed);
      const page = await read();
      yield [page, read];
      cursor = page["nextCursor"] as string | null;
    } while (cursor !== null);
  }

  async #whole(entry: Json, readAgain: () => Promise<Json>): Promise<Entry> {
    if (!this.#listed.withContent || !("contentUrl" in entry)) return entry as Entry;
    let found = entry;
    let content: Json;
    try {
      content = await this.#content(entry);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== LINK_EXPIRED) throw error;
      // Whoever takes the entries slowly outlives a link: the same page has new ones.
      const page = (await readAgain())[this.#entries] as Json[];
      const same = page.find((each) => each["externalItemId"] === entry["externalItemId"]);
      if (same === undefined) throw error;
      found = same;
      content = await this.#content(same);
    }
    const { contentUrl: _, ...rest } = found;
    return { ...rest, ...content } as Entry;
  }

  async #content(entry: Json): Promise<Json> {
    if (!("contentUrl" in entry)) return "content" in entry ? { content: entry["content"] } : {};
    const doing = `GET the content of ${String(entry["externalItemId"])}`;
    const held = await this.#transport.fetchLink(String(entry["contentUrl"]), doing, this.#listed.signal);
    return { content: held["content"] };
  }
}
