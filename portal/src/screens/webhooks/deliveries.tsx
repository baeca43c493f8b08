/** What was sent to a webhook, the newest first. It is looked at again while something is under way. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { filter, place } from "../../routes.js";
import { announce } from "../../ui/announce.js";
import { Action } from "../../ui/button.js";
import { Failure } from "../../ui/failure.js";
import { useLoaded } from "../../ui/load.js";
import { DeliveryLine } from "./delivery_line.js";
import { RedeliverFailed } from "./redeliver_failed.js";

const STATES: readonly models.Delivery["state"][] = ["pending", "delivered", "failed"];
const PAGE = 30;
const LOOK_MS = 1000;
/** What is tried again later than this is not waited for. */
const SOON_MS = 15_000;

export function Deliveries({ hook, sent, onEnded }: {
  hook: models.Webhook;
  /** Goes up when something was sent, which is to be seen. */
  sent: number;
  /** Is called when nothing is under way any more: a delivery may have changed how the webhook is since it was read. */
  onEnded: () => void;
}) {
  const state = STATES.find((each) => each === place.value.query["state"]);
  const [shown, setShown] = useState(PAGE);
  const [asking, setAsking] = useState(false);
  const [failed, setFailed] = useState<unknown>();
  const { value, error, loading, again } = useLoaded(
    (signal) => firstOf(api().webhooks.deliveries(hook.id, { limit: PAGE, signal, ...(state && { state }) }), shown),
    [hook.id, state, shown],
  );
  useEffect(() => void (sent > 0 && again()), [sent]);
  // What is over at the first look may have been under way when the webhook was read.
  const watched = useRef(true);
  useEffect(() => {
    if (value === undefined) return undefined;
    const before = watched.current;
    watched.current = value.entries.some(underWay);
    if (!watched.current) return void (before && onEnded());
    const timer = setTimeout(again, LOOK_MS);
    return () => clearTimeout(timer);
  }, [value]);
  const off = hook.enabled ? undefined : t("webhooks.off");
  const redeliver = async ({ id }: models.Delivery): Promise<void> => {
    setFailed(undefined);
    try {
      await api().webhooks.redeliver(hook.id, id);
      announce(t("deliveries.again_done"));
      again();
    } catch (failure) {
      setFailed(failure);
    }
  };
  return (
    <section class="stack" aria-labelledby="deliveries">
      <header class="row">
        <h2 class="grow" id="deliveries">{t("deliveries.title")}</h2>
        <Action scope="webhooks:manage" blocked={off} onPress={() => setAsking(true)}>{t("deliveries.since")}</Action>
      </header>
      <div class="row kinds" role="group" aria-label={t("deliveries.states")}>
        <button type="button" class="pill" aria-pressed={!state} onClick={() => filter({ state: undefined })}>{t("deliveries.all")}</button>
        {STATES.map((each) => (
          <button type="button" class="pill" key={each} aria-pressed={state === each} onClick={() => filter({ state: each })}>{t(`delivery.${each}`)}</button>
        ))}
      </div>
      <Failure error={error ?? failed} again={again} />
      {value === undefined && loading && <p class="quiet" aria-busy="true">{t("app.loading")}</p>}
      {value?.entries.length === 0 && <p class="quiet">{t("deliveries.none")}</p>}
      {value && value.entries.length > 0 && (
        <ul class="lines deliveries">
          {value.entries.map((each) => <DeliveryLine key={each.id} of={each} off={off} onAgain={() => redeliver(each)} />)}
        </ul>
      )}
      {value?.more && <button type="button" class="button" aria-busy={loading} onClick={() => setShown(shown + PAGE)}>{t("do.more")}</button>}
      {asking && <RedeliverFailed hook={hook} onClose={() => setAsking(false)} onDone={again} />}
    </section>
  );
}

function underWay({ state, nextAttemptAt }: models.Delivery): boolean {
  return state === "pending" && (nextAttemptAt === null || Date.parse(nextAttemptAt) - Date.now() < SOON_MS);
}

async function firstOf<Entry>(list: AsyncIterable<Entry>, most: number): Promise<{ entries: Entry[]; more: boolean }> {
  const entries: Entry[] = [];
  for await (const entry of list) {
    if (entries.length === most) return { entries, more: true };
    entries.push(entry);
  }
  return { entries, more: false };
}
