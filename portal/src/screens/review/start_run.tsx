/** Starts a run: finds what differs from what is served, and leads to it. */

import { useState } from "preact/hooks";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { go, href } from "../../routes.js";
import { Action } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Failure } from "../../ui/failure.js";
import { Message } from "../../ui/message.js";

export function StartRun({ sourceId, kind = "main", again = false }: { sourceId: string; kind?: "main" | "plain"; again?: boolean }) {
  const [asking, setAsking] = useState(false);
  const label = t(again ? "review.start_again" : "review.start");
  return (
    <>
      <Action scope="runs:write" kind={kind} icon={again ? "refresh" : "plus"} onPress={() => setAsking(true)}>{label}</Action>
      {asking && <Ask sourceId={sourceId} title={label} onClose={() => setAsking(false)} />}
    </>
  );
}

function Ask({ sourceId, title, onClose }: { sourceId: string; title: string; onClose: () => void }) {
  const [message, setMessage] = useState("");
  const [full, setFull] = useState(false);
  const [error, setError] = useState<unknown>();
  const start = async (): Promise<void> => {
    setError(undefined);
    try {
      const wanted = { mode: full ? "full" : "incremental", ...(message && { message }) } as const;
      // What takes long to plan is watched on its own page.
      const answer = await api().request("POST", `/v1/sources/${sourceId}/runs`, { body: wanted });
      onClose();
      go(href("review", [sourceId, (answer["run"] as { id: string }).id]));
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{t("review.start_lead")}</p>
      <Message label={t("message.label")} value={message} onInput={setMessage} />
      <label class="row">
        <input type="checkbox" checked={full} onChange={(event) => setFull(event.currentTarget.checked)} />
        <span>{t("review.full")}</span>
      </label>
      <Failure error={error} />
      <div class="ends">
        <button type="button" class="button" onClick={onClose}>{t("do.cancel")}</button>
        <Action kind="main" scope="runs:write" onPress={start}>{t("review.start")}</Action>
      </div>
    </Dialog>
  );
}
