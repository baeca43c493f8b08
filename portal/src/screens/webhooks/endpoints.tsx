/** The webhooks of the tenant, and what they can be told of. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { href } from "../../routes.js";
import { Action } from "../../ui/button.js";
import { Failure } from "../../ui/failure.js";
import { useLoaded } from "../../ui/load.js";
import { When } from "../../ui/when.js";
import { Catalogue } from "./catalogue.js";
import { HookState } from "./state.js";
import { WriteWebhook } from "./write_webhook.js";

export function Endpoints({ may }: {
  /** Whether the session may see webhooks at all; the deeds stay in place, and say why not. */
  may: boolean;
}) {
  const [making, setMaking] = useState(false);
  const { value, error, again } = useLoaded(async (signal) => (may ? api().webhooks.list({ signal }).toArray() : []), [may]);
  return (
    <>
      <header class="head">
        <div><h1>{t("webhooks.title")}</h1><p>{t("webhooks.lead")}</p></div>
        <Action scope="webhooks:manage" kind="main" icon="plus" onPress={() => setMaking(true)}>{t("webhooks.create")}</Action>
      </header>
      <div class="stack">
        <Failure error={error} again={again} />
        {value === undefined && error === undefined && <p class="quiet" aria-busy="true">{t("app.loading")}</p>}
        {may && value?.length === 0 && (
          <div class="card empty"><h2>{t("webhooks.none")}</h2><p class="quiet">{t("webhooks.none_lead")}</p></div>
        )}
        {value && value.length > 0 && <ul class="lines">{value.map((each) => <Line key={each.id} of={each} />)}</ul>}
        <Catalogue />
      </div>
      {making && <WriteWebhook onClose={() => setMaking(false)} onDone={again} />}
    </>
  );
}

function Line({ of: hook }: { of: models.Webhook }) {
  return (
    <li class="line">
      <a class="grow" href={href("webhooks", [hook.id])}>
        <strong dir="auto">{hook.url}</strong>
        {hook.description && <span class="small" dir="auto">{hook.description}</span>}
        <span class="small quiet">
          {hook.events === null ? t("webhooks.events_all") : t("webhooks.events_count", { n: hook.events.length })}
          {hook.failingSince && <> · {t("webhooks.failing")} <When at={hook.failingSince} style="ago" /></>}
        </span>
      </a>
      <HookState of={hook} />
    </li>
  );
}
