/** One delivery with its attempts, and what its body looks like. */

import type { models } from "../../../../clients/typescript/src/index.js";
import { number, t } from "../../messages/index.js";
import { Action } from "../../ui/button.js";
import { Chip } from "../../ui/chip.js";
import { When } from "../../ui/when.js";
import { sampleFor } from "./samples.js";
import { DeliveryState } from "./state.js";

export function DeliveryLine({ of: delivery, off, onAgain }: {
  of: models.Delivery;
  /** Why it can't be sent again now. */
  off: string | undefined;
  onAgain: () => Promise<void>;
}) {
  const sample = sampleFor(delivery);
  return (
    <li>
      <details>
        <summary class="line">
          <span class="grow">
            <strong>{delivery.eventType}</strong>
            <span class="small quiet"><When at={delivery.createdAt} /> · {t("deliveries.attempts", { n: delivery.attempts.length })}</span>
          </span>
          <DeliveryState state={delivery.state} />
        </summary>
        <div class="stack delivery">
          <p class="small">{t("deliveries.event")} <code>{delivery.eventId}</code></p>
          {delivery.failure && <p dir="auto">{delivery.failure}</p>}
          {delivery.nextAttemptAt && <p>{t("deliveries.next")} <When at={delivery.nextAttemptAt} /></p>}
          <ol class="attempts">{delivery.attempts.map((each) => <Attempt key={each.at} of={each} />)}</ol>
          {sample && (
            <>
              <h3>{t("deliveries.payload")}</h3>
              <p class="small quiet">{t("deliveries.payload_lead")}</p>
              <pre tabIndex={0} role="region" aria-label={t("deliveries.payload")}>{JSON.stringify(sample, null, 2)}</pre>
            </>
          )}
          <div><Action scope="webhooks:manage" icon="refresh" blocked={off} onPress={onAgain}>{t("deliveries.again")}</Action></div>
        </div>
      </details>
    </li>
  );
}

function Attempt({ of: attempt }: { of: models.Delivery["attempts"][number] }) {
  const good = attempt.status !== null && attempt.status >= 200 && attempt.status < 300;
  return (
    <li class="row small">
      <Chip tone={good ? "good" : "bad"}>{attempt.status ?? t("deliveries.no_answer")}</Chip>
      <When at={attempt.at} />
      <span class="quiet">{t("deliveries.latency", { n: number(attempt.latencyMilliseconds) })}</span>
      {attempt.failure && <span class="grow" dir="auto">{attempt.failure}</span>}
      {attempt.responseSnippet && <code class="grow" dir="auto">{attempt.responseSnippet}</code>}
    </li>
  );
}
