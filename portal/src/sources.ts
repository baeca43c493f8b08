/** The sources that the session reaches, and the one that is looked at. */

import { computed, signal } from "@preact/signals";
import type { models } from "../../clients/typescript/src/index.js";
import { api } from "./api.js";
import { place } from "./routes.js";

/** The newest first; null until they were read. */
export const sources = signal<readonly models.Source[] | null>(null);

const PLACE = "portal-source";

/** The source of the address; else the one that was looked at last, or the first. Null when there is none. */
export const sourceId = computed<string | null>(() => {
  const [first] = place.value.path;
  if (first?.startsWith("src_")) return first;
  const known = sources.value ?? [];
  const last = sessionStorage.getItem(PLACE);
  return (known.find((each) => each.id === last) ?? known.find((each) => each.status === "active") ?? known[0])?.id ?? null;
});

/** What a source is called, its id if it is not known. */
export function nameOf(id: string): string {
  return sources.value?.find((each) => each.id === id)?.name ?? id;
}

/** Remember what is looked at, for screens that are opened without a source. */
export function remember(id: string): void {
  sessionStorage.setItem(PLACE, id);
}

/** Read them all. */
export async function readSources(): Promise<void> {
  sources.value = await api().sources.list().toArray();
}
