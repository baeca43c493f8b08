/** The states of an import: which are under way, and how each is shown. */

import type { models } from "../../../../clients/typescript/src/index.js";
import type { Tone } from "../../ui/chip.js";

export type State = models.Import["state"];
export const STATES: readonly State[] = [
  "awaiting_upload", "queued", "staging", "planning", "applying", "completed", "completed_with_errors", "failed", "cancelled", "expired",
];
export const TONES: Partial<Record<State, Tone>> = { completed: "good", completed_with_errors: "warn", failed: "bad", staging: "info", planning: "info", applying: "info" };
export const UNDER_WAY: ReadonlySet<State> = new Set(["awaiting_upload", "queued", "staging", "planning", "applying"]);
