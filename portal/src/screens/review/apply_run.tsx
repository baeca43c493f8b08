/** Publishes a run as it was reviewed: the version of the plan goes along, and removals beyond the guard are typed by hand. */

import { useState } from "preact/hooks";
import { ApiError, type models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { Counts } from "../../changes/counts.js";
import { number, t } from "../../messages/index.js";
import { Action } from "../../ui/button.js";
import { Notice } from "../../ui/chip.js";
import { Dialog } from "../../ui/dialog.js";
import { Failure } from "../../ui/failure.js";
import { Message } from "../../ui/message.js";
import { guardOf } from "./guard.js";

export function ApplyRun({ run, source, onClose, onDone, onStale }: {
  run: models.Run;
  source: models.Source;
  onClose: () => void;
  onDone: () => void;
  /** Is told which version was looked at when another one is there now. */
  onStale: (seen: number) => void;
}) {
  const [message, setMessage] = useState(run.message ?? "");
  const [typed, setTyped] = useState("");
  const [error, setError] = useState<unknown>();
  const guard = guardOf(run, source);
  // The source may have got a guard since it was read.
  const asked = guard.holds || (error instanceof ApiError && error.code === "removal_guard");
  const approved = typed.trim() === String(guard.drops);
  const apply = async (): Promise<void> => {
    setError(undefined);
    try {
      const wanted = { planVersion: run.planVersion, ...(message && { message }), ...(asked && { approveRemovals: guard.drops }) };
      await api().runs.apply(run.sourceId, run.id, wanted);
      onDone();
    } catch (failure) {
      if (failure instanceof ApiError && ["stale_plan", "stale_base"].includes(failure.code)) return onStale(run.planVersion);
      setError(failure);
    }
  };
  return (
    <Dialog title={t("apply.title", { name: source.name })} onClose={onClose}>
      <div class="row"><Counts counts={run.counts} /><span class="small quiet">{t("apply.plan", { version: run.planVersion })}</span></div>
      <p>{t("apply.lead", { n: run.counts?.total ?? 0 })}</p>
      {asked && (
        <Notice tone="bad">
          <p><strong>{guard.words}</strong></p>
          <label class="field approve">
            <span>{t("apply.type", { number: number(guard.drops) })}</span>
            <input inputMode="numeric" autocomplete="off" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
          </label>
        </Notice>
      )}
      <Message label={t("message.label")} value={message} onInput={setMessage} />
      <Failure error={error} />
      <div class="ends">
        <button type="button" class="button" onClick={onClose}>{t("do.cancel")}</button>
        <Action kind="main" scope="runs:apply" blocked={asked && !approved ? t("apply.not_typed") : undefined} onPress={apply}>{t("review.apply")}</Action>
      </div>
    </Dialog>
  );
}
