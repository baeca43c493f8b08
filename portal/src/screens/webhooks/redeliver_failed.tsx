/** Sends again all that failed since a time. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { announce } from "../../ui/announce.js";
import { Action } from "../../ui/button.js";
import { Notice } from "../../ui/chip.js";
import { Dialog } from "../../ui/dialog.js";
import { Failure } from "../../ui/failure.js";

const HOUR_MS = 3_600_000;
/** Deliveries are kept for 30 days. */
const HOURS = [1, 24, 7 * 24, 30 * 24];

export function RedeliverFailed({ hook, onClose, onDone }: { hook: models.Webhook; onClose: () => void; onDone: () => void }) {
  const [hours, setHours] = useState(24);
  const [count, setCount] = useState<number>();
  const [error, setError] = useState<unknown>();
  const redeliver = async (): Promise<void> => {
    setError(undefined);
    const since = new Date(Date.now() - hours * HOUR_MS).toISOString();
    let sent = 0;
    try {
      for (let more = true; more;) {
        const answer = await api().webhooks.redeliverFailed(hook.id, { since });
        sent += answer.redelivered;
        more = answer.more && answer.redelivered > 0;
      }
      announce(t("deliveries.since_done", { n: sent }));
    } catch (failure) {
      setError(failure);
    }
    setCount(sent);
    onDone();
  };
  return (
    <Dialog title={t("deliveries.since_title")} onClose={onClose}>
      <label class="field"><span>{t("deliveries.since_label")}</span>
        <select value={hours} onChange={(event) => setHours(Number(event.currentTarget.value))}>
          {HOURS.map((n) => <option value={n} key={n}>{n < 24 ? t("deliveries.hours", { n }) : t("deliveries.days", { n: n / 24 })}</option>)}
        </select>
      </label>
      {count !== undefined && <Notice tone="good">{t("deliveries.since_done", { n: count })}</Notice>}
      <Failure error={error} />
      <div class="ends">
        <button type="button" class="button" onClick={onClose}>{t("do.close")}</button>
        <Action kind="main" scope="webhooks:manage" onPress={redeliver}>{t("deliveries.since_do")}</Action>
      </div>
    </Dialog>
  );
}
