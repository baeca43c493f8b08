/** Whether the removal guard of a source lets a run pass, and how that is said. */

import type { models } from "../../../../clients/typescript/src/index.js";
import { number, t } from "../../messages/index.js";

export interface Guard {
  /** Whether the removals have to be approved. */
  readonly holds: boolean;
  readonly drops: number;
  readonly words: string;
}

/** Judge as the API does: a share of what is served now, or a number of items. What it decides in the end counts. */
export function guardOf({ counts }: models.Run, { removalGuard, servedItems = 0 }: models.Source): Guard {
  const drops = counts?.tombstoned ?? 0;
  const percent = servedItems > 0 ? (drops / servedItems) * 100 : 0;
  const { maxPercent = null, maxItems = null } = removalGuard ?? {};
  const holds = drops > 0 && ((maxPercent !== null && percent > maxPercent) || (maxItems !== null && drops > maxItems));
  const share = { n: drops, of: servedItems, percent: number(Math.round(percent * 10) / 10) };
  const limit = [maxPercent !== null && `${number(maxPercent)} %`, maxItems !== null && t("danger.items", { n: maxItems })].filter(Boolean).join(", ");
  const words = limit === "" ? t("danger.no_guard", share) : t(holds ? "danger.held" : "danger.passes", { ...share, limit });
  return { holds, drops, words };
}
