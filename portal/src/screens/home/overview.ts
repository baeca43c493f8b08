/** What Home reads of a source: four short lists, each one page of one call. */

import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { scopes } from "../../session.js";
import { firstPage } from "../../ui/pages.js";

export interface Overview {
  readonly source: models.Source;
  readonly generation: models.Generation | null;
  readonly run: models.Run | null;
  readonly import: models.Import | null;
  /** Removals in their grace, as many as one page has; the earliest is due first. */
  readonly removed: readonly models.Item[];
  readonly moreRemoved: boolean;
}

const REMOVALS = 200;

/** Read a source anew, and what happened to it last. What the session may not read is left out. */
export async function readOverview(id: string, signal: AbortSignal): Promise<Overview> {
  const client = api();
  const [source, generation, run, lastImport, removed] = await Promise.all([
    client.sources.get(id, { signal }),
    allowed("runs:read", () => first(client.generations.list(id, { limit: 1, signal }))),
    allowed("runs:read", () => first(client.runs.list(id, { limit: 1, signal }))),
    allowed(["items:read", "items:write"], () => first(client.imports.list(id, { limit: 1, signal }))),
    allowed("items:read", () => firstPage<models.Item>("items", client.items.list(id, { state: "removed", limit: REMOVALS, signal }))),
  ]);
  const due = [...(removed?.entries ?? [])].sort((a, b) => (a.tombstoneDueAt ?? "~").localeCompare(b.tombstoneDueAt ?? "~"));
  return { source, generation, run, import: lastImport, removed: due, moreRemoved: removed?.more ?? false };
}

/** The first entry of a list. */
export async function first<Entry>(list: AsyncIterable<Entry>): Promise<Entry | null> {
  for await (const entry of list) return entry;
  return null;
}

/** What is read with a scope that the session has, or one of some; null otherwise, and nothing is asked then. */
async function allowed<Value>(scope: string | readonly string[], read: () => Promise<Value>): Promise<Value | null> {
  return [scope].flat().some((each) => scopes.value.has(each)) ? read() : null;
}
