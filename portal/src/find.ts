/** Where an id leads: by what it begins with; a run or an import is looked for in every source. */

import { ApiError } from "../../clients/typescript/src/index.js";
import { api } from "./api.js";
import { href } from "./routes.js";
import { readSources, sourceId, sources } from "./sources.js";

/** Tell the address of an id; null when nothing here has it. */
export async function find(text: string): Promise<string | null> {
  const id = text.trim();
  if (sources.value === null) await readSources();
  const kind = /^([a-z]{3,4})_/.exec(id)?.[1];
  if (kind === "src") return sources.value?.some((each) => each.id === id) ? href("content", [id]) : null;
  if (kind === "run") return findInSources(id, "review", (source) => api().runs.get(source, id));
  if (kind === "gen") return findInSources(id, "generations", (source) => api().generations.get(source, id));
  if (kind === "imp") return findInSources(id, "imports", (source) => api().imports.get(source, id));
  if (kind === "whk") return href("webhooks", [id]);
  if (kind === "qst" || kind === "ans") return href("search", [], { question: id });
  if (kind === "req" || /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(id)) return href("activity", [], { requestId: id });
  const secret = /^[sp][ks]_(?:live|test)_(\w{16})/.exec(id);
  if (secret) return href("keys", [secret[1]!]);
  const item = await findInSources(id, "content", (source) => api().items.get(source, id));
  if (item !== null) return item;
  return /^\w{16}$/.test(id) ? href("keys", [id]) : null;
}

async function findInSources(id: string, screen: string, read: (source: string) => Promise<unknown>): Promise<string | null> {
  const order = [...(sources.value ?? [])].sort((a, b) => Number(b.id === sourceId.value) - Number(a.id === sourceId.value));
  for (const { id: source } of order) {
    try {
      await read(source);
      return href(screen, [source, id]);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status === undefined || ![400, 404].includes(error.status)) throw error;
    }
  }
  return null;
}
