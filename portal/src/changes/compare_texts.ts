/** What differs between two texts, word by word. */

import { diffLines, diffWordsWithSpace } from "diff";

export interface Piece {
  readonly kind: "same" | "added" | "removed";
  readonly text: string;
}

/** Beyond so many edits comparing takes long, and shows a reader nothing: then lines are compared, or nothing. */
const MOST_EDITS = 1500;

/** Compare by words; texts that share little by lines, and those that share nothing as a whole. */
export function compareTexts(before: string, after: string): Piece[] {
  const bounds = { maxEditLength: MOST_EDITS };
  const found = diffWordsWithSpace(before, after, bounds) ?? diffLines(before, after, bounds);
  const pieces: Piece[] = found?.map(({ added, removed, value }) => ({ kind: added ? "added" : removed ? "removed" : "same", text: value }))
    ?? [{ kind: "removed", text: before }, { kind: "added", text: after }];
  return pieces.filter((each) => each.text !== "");
}

/** The ends of an unchanged text that are shown where it is long, and how many characters lie between them. */
export function folded(text: string, first: boolean, last: boolean, kept: number): { head: string; hidden: number; tail: string } | null {
  const head = first ? "" : text.slice(0, kept).replace(/\S*$/, "");
  const tail = last ? "" : text.slice(-kept).replace(/^\S*/, "");
  const hidden = text.length - head.length - tail.length;
  return hidden > kept ? { head, hidden, tail } : null;
}
