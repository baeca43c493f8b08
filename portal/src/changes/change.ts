/** A change of an item, as runs and comparisons of generations list it; what it is called and how it is marked. */

import type { Listing, models } from "../../../clients/typescript/src/index.js";
import type { Tone } from "../ui/chip.js";
import type { IconName } from "../ui/icon.js";

export type Kind = models.RunChange["change"];
export type Edition = NonNullable<models.ItemEdition>;

export interface Change extends Pick<models.RunChange, "externalItemId" | "change" | "title" | "fields" | "removedAt" | "before" | "after"> {
  /** What became of it since a plan that was seen. */
  readonly since?: models.RunChange["since"];
}

/** Lists changes, filtered. */
export type ListChanges = (query: { change?: Kind; prefix?: string; include?: "content"; signal: AbortSignal }) => Listing<Change>;

/** Where changes are read. */
export interface Changes {
  /** Names what is read, so that it is read again when that is something else. */
  readonly about: string;
  readonly list: ListChanges;
  /** The type of a content that the change leaves as it is. */
  readonly typeOf: (externalItemId: string, signal: AbortSignal) => Promise<string | undefined>;
}

/** What vanishes comes first. */
export const KINDS: readonly Kind[] = ["tombstoned", "removed", "updated", "added", "restored"];
export const TONES: Readonly<Record<Kind, Tone>> = { added: "good", updated: "info", removed: "warn", tombstoned: "bad", restored: "good" };
export const ICONS: Readonly<Record<Kind, IconName>> = { added: "plus", updated: "content", removed: "clock", tombstoned: "minus", restored: "refresh" };

/** Order changes for a reader: by kind, then by id. */
export function inOrder(changes: readonly Change[]): Change[] {
  const rank = (change: Change): number => KINDS.indexOf(change.change);
  return [...changes].sort((a, b) => rank(a) - rank(b) || (a.externalItemId < b.externalItemId ? -1 : 1));
}

/** Read one change with what its item was and is to be; null when the list has none of that item. */
export async function readChange(list: ListChanges, { externalItemId: id, change }: Change, signal: AbortSignal): Promise<Change | null> {
  for await (const found of list({ change, prefix: id, include: "content", signal })) {
    if (found.externalItemId === id) return found;
  }
  return null;
}

/** The content of an edition, read by its link where it is too large to come along; undefined when it has none. */
export async function contentOf(edition: Edition | undefined, signal: AbortSignal): Promise<string | undefined> {
  if (edition?.contentUrl === undefined) return edition?.content;
  const answer = await fetch(edition.contentUrl, { signal });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return ((await answer.json()) as { content: string }).content;
}
