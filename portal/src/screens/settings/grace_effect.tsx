/** What a grace means for the removals that are under way: how many end at once, and when the next one does. */

import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { type MessageKey, t } from "../../messages/index.js";
import { scopes } from "../../session.js";
import { Notice } from "../../ui/chip.js";
import { Failure } from "../../ui/failure.js";
import { useLoaded } from "../../ui/load.js";
import { firstPage } from "../../ui/pages.js";
import { When } from "../../ui/when.js";

const DAY = 86_400_000;
const LOOKED_AT = 200;

export function GraceEffect({ source, days }: { source: models.Source; days: number }) {
  const { value, error, again } = useLoaded(
    async (signal) => {
      if (!scopes.value.has("items:read")) return undefined;
      return firstPage<models.Item>("items", api().items.list(source.id, { state: "removed", limit: LOOKED_AT, signal }));
    },
    [source.id, source.graceDays],
  );
  if (error !== undefined) return <Failure error={error} again={again} />;
  if (value === undefined || Number.isNaN(days)) return null;
  const n = value.entries.length;
  if (n === 0) return <p class="small quiet">{t("settings.grace_none")}</p>;
  const due = value.entries.map((item) => dueAt(item, source.graceDays, days)).sort((a, b) => a - b);
  const over = due.filter((at) => at <= Date.now()).length;
  const next = due[over];
  const underWay: MessageKey = value.more ? "settings.grace_many" : "settings.grace_under_way";
  return (
    <Notice tone={over > 0 ? "warn" : "info"}>
      <p>{t(underWay, { n })}</p>
      {over > 0 && <p><strong>{t("settings.grace_over", { n: over })}</strong></p>}
      {next !== undefined && <p>{t("settings.grace_next")} <When at={new Date(next).toISOString()} /></p>}
    </Notice>
  );
}

/** When an item's removal is due with another grace. What was never published has none, whatever is set. */
function dueAt({ removedAt, tombstoneDueAt }: models.Item, before: number, days: number): number {
  const removed = Date.parse(removedAt ?? "");
  const due = Date.parse(tombstoneDueAt ?? "");
  return due - removed < before * DAY ? due : removed + days * DAY;
}
