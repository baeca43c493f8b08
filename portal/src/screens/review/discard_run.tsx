/** Decides that a run is never published. What is staged stays. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { Action } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Failure } from "../../ui/failure.js";
import { Message } from "../../ui/message.js";

export function DiscardRun({ run, onClose, onDone }: { run: models.Run; onClose: () => void; onDone: () => void }) {
  const [message, setMessage] = useState("");
  const [error, setError] = useState<unknown>();
  const discard = async (): Promise<void> => {
    setError(undefined);
    try {
      await api().runs.discard(run.sourceId, run.id, message ? { message } : {});
      onDone();
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <Dialog title={t("discard.title")} onClose={onClose}>
      <p>{t("discard.lead")}</p>
      <Message label={t("discard.why")} value={message} onInput={setMessage} />
      <Failure error={error} />
      <div class="ends">
        <button type="button" class="button" onClick={onClose}>{t("do.cancel")}</button>
        <Action kind="danger" scope="runs:apply" onPress={discard}>{t("review.discard")}</Action>
      </div>
    </Dialog>
  );
}
