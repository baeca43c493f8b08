/** What a person should look at: of one source, and of the tenant. */

import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { href } from "../../routes.js";
import { scopes } from "../../session.js";
import { Notice } from "../../ui/chip.js";
import { useLoaded } from "../../ui/load.js";
import { moment } from "../../ui/when.js";
import type { Overview } from "./overview.js";

const DAY = 86_400_000;
/** Changes that nobody published for so long are told of. */
const WAITING_DAYS = 7;
const EXPIRES_WITHIN_DAYS = 14;

export function Banners({ overview: { source, run, import: last } }: { overview: Overview }) {
  const { name } = source;
  const rejected = last?.counts.rejected ?? 0;
  const waits = source.oldestUnappliedAt && Date.now() - Date.parse(source.oldestUnappliedAt) > WAITING_DAYS * DAY;
  return (
    <>
      {run?.state === "failed" && (
        <Notice tone="bad"><span dir="auto">{t("banner.failed_run", { name, reason: run.lastError?.message ?? "" })}</span></Notice>
      )}
      {last?.state === "failed" && <Notice tone="bad"><span dir="auto">{t("banner.import_failed", { name })}</span></Notice>}
      {last?.state === "completed_with_errors" && (
        <Notice tone="warn">
          <a href={href("imports", [source.id, last.id])} dir="auto">{t("banner.import", { name, n: rejected })}</a>
        </Notice>
      )}
      {waits && (
        <Notice tone="warn"><span dir="auto">{t("banner.waiting", { name, time: moment(source.oldestUnappliedAt!, "day") })}</span></Notice>
      )}
    </>
  );
}

/** Keys that end soon and webhooks that were switched off, as far as the session may see them. */
export function TenantBanners() {
  const { value } = useLoaded(readTroubles, [[...scopes.value]]);
  return (
    <>
      {value?.keys.map((key) => (
        <Notice tone="warn" key={key.id}>
          <a href={href("keys", [key.id])} dir="auto">{t("banner.key", { name: key.name, time: moment(key.expiresAt!, "day") })}</a>
        </Notice>
      ))}
      {value?.webhooks.map((webhook) => (
        <Notice tone="bad" key={webhook.id}>
          <a href={href("webhooks", [webhook.id])} dir="auto">{t("banner.webhook", { url: webhook.url })}</a>
        </Notice>
      ))}
    </>
  );
}

async function readTroubles(signal: AbortSignal): Promise<{ keys: models.Key[]; webhooks: models.Webhook[] }> {
  const [keys, webhooks] = await Promise.all([
    scopes.value.has("keys:manage") ? api().keys.list({ status: "active", signal }).toArray() : [],
    scopes.value.has("webhooks:manage") ? api().webhooks.list({ signal }).toArray() : [],
  ]);
  const soon = (key: models.Key): boolean => key.expiresAt !== null && Date.parse(key.expiresAt) - Date.now() < EXPIRES_WITHIN_DAYS * DAY;
  return { keys: keys.filter(soon), webhooks: webhooks.filter((each) => each.disabled !== null && each.disabled.reason !== "by_tenant") };
}
