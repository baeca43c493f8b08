/** Who is signed in with a key, and their end. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { caller } from "../../session.js";
import { announce } from "../../ui/announce.js";
import { Action } from "../../ui/button.js";
import { Chip } from "../../ui/chip.js";
import { Failure } from "../../ui/failure.js";
import { useLoaded } from "../../ui/load.js";
import { When } from "../../ui/when.js";

export function Sessions({ keyId }: { keyId: string }) {
  const { value, error, again } = useLoaded(
    async (signal) => (await api().sessions.list({ signal }).toArray()).filter((each) => each.keyId === keyId),
    [keyId],
  );
  const [failed, setFailed] = useState<unknown>();
  const end = async ({ id }: models.PortalSession): Promise<void> => {
    setFailed(undefined);
    try {
      await api().sessions.end(id);
      announce(t("sessions.ended"));
      again();
    } catch (failure) {
      setFailed(failure);
    }
  };
  return (
    <section class="stack" aria-labelledby="sessions">
      <h2 id="sessions">{t("sessions.title")}</h2>
      <Failure error={error ?? failed} again={again} />
      {value?.length === 0 && <p class="quiet">{t("sessions.none")}</p>}
      {value && value.length > 0 && (
        <ul class="lines">
          {value.map((each) => (
            <li class="line" key={each.id}>
              <span class="grow">
                <strong dir="auto">{each.name}</strong>
                <span class="small quiet">
                  {each.role && <>{t(`role.${each.role}`)} · </>}{t("keys.used")}: <When at={each.lastUsedAt} style="ago" /> · {t("sessions.until")} <When at={each.expiresAt} />
                </span>
              </span>
              {each.id === caller.value?.session?.id
                ? <Chip tone="info">{t("sessions.yours")}</Chip>
                : <Action scope="keys:manage" label={t("sessions.end_of", { name: each.name })} onPress={() => end(each)}>{t("sessions.end")}</Action>}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
