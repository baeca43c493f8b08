/** Holds what is served: nothing is published or restored until somebody opens it again. */

import { useState } from "preact/hooks";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { Action } from "../../ui/button.js";
import { Chip } from "../../ui/chip.js";
import { Failure } from "../../ui/failure.js";
import { Message } from "../../ui/message.js";
import { When } from "../../ui/when.js";
import { closed, type Part } from "./part.js";

export function PublishLock({ source, done }: Part) {
  const [reason, setReason] = useState("");
  const [error, setError] = useState<unknown>();
  const lock = source.publishLock ?? null;
  const turn = async (): Promise<void> => {
    setError(undefined);
    try {
      await api().sources.update(source.id, lock ? { publishing: "open" } : { publishing: "locked", ...(reason && { reason }) });
      setReason("");
      done(t(lock ? "lock.opened" : "lock.locked"));
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <section class="card stack" aria-labelledby="lock">
      <header class="row">
        <h2 class="grow" id="lock">{t("lock.title")}</h2>
        {lock ? <Chip tone="warn" icon="lock">{t("lock.is_locked")}</Chip> : <Chip tone="good">{t("lock.is_open")}</Chip>}
      </header>
      <p>{t("lock.lead")}</p>
      {lock ? (
        <dl class="facts">
          <dt>{t("lock.reason")}</dt><dd dir="auto">{lock.reason ?? "–"}</dd>
          <dt>{t("lock.since")}</dt>
          <dd dir="auto"><When at={lock.lockedAt} /> {lock.lockedBy ? t("by", { name: lock.lockedBy.name }) : t("by.system")}</dd>
        </dl>
      ) : <Message label={t("lock.why")} placeholder={t("lock.example")} value={reason} onInput={setReason} />}
      <Failure error={error} />
      <div class="row ends">
        <Action scope="sources:write" icon="lock" blocked={closed(source)} onPress={turn}>{t(lock ? "lock.open" : "lock.do")}</Action>
      </div>
    </section>
  );
}
