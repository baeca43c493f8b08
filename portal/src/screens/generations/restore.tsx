/** Serves what an older generation served, at once; the lock stands beside it, because what is staged stays as it is. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { number, t } from "../../messages/index.js";
import { go, href } from "../../routes.js";
import { scopes } from "../../session.js";
import { announce } from "../../ui/announce.js";
import { Action } from "../../ui/button.js";
import { Notice } from "../../ui/chip.js";
import { Dialog } from "../../ui/dialog.js";
import { Failure } from "../../ui/failure.js";
import { Message } from "../../ui/message.js";

export function Restore({ generation, source }: { generation: models.Generation; source: models.Source }) {
  const [asking, setAsking] = useState(false);
  const locked = source.publishing === "locked" ? t("review.locked", { reason: source.publishLock?.reason ?? "" }) : undefined;
  return (
    <>
      <Action scope="runs:apply" kind="main" icon="refresh" blocked={locked} onPress={() => setAsking(true)}>{t("restore.do")}</Action>
      {asking && <Ask generation={generation} source={source} onClose={() => setAsking(false)} />}
    </>
  );
}

function Ask({ generation, source, onClose }: { generation: models.Generation; source: models.Source; onClose: () => void }) {
  const mayLock = scopes.value.has("sources:write");
  const [message, setMessage] = useState("");
  const [lock, setLock] = useState(false);
  const [restored, setRestored] = useState(false);
  const [error, setError] = useState<unknown>();
  const sequence = number(generation.sequence);
  const restore = async (): Promise<void> => {
    setError(undefined);
    try {
      // A lock holds restores off, too, so it comes second. When it fails, it alone is tried again.
      if (!restored) await api().generations.restore(source.id, generation.id, message ? { message } : {});
      setRestored(true);
      if (lock) await api().sources.update(source.id, { publishing: "locked", reason: message || t("restore.lock_reason", { n: sequence }) });
      onClose();
      announce(t("restore.done", { n: sequence }));
      go(href("generations", [source.id]));
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <Dialog title={t("restore.title", { n: sequence })} onClose={onClose}>
      <p>{t("restore.at_once")}</p>
      <Notice tone="warn">
        <p>{t("restore.staged")}</p>
        <label class="row lock">
          <input type="checkbox" checked={lock} disabled={!mayLock} onChange={(event) => setLock(event.currentTarget.checked)} />
          <span class="grow">{t("restore.lock")}</span>
        </label>
        {!mayLock && <p class="small">{t("scope.needed", { scope: "sources:write" })}</p>}
      </Notice>
      <Message label={t("message.label")} value={message} onInput={setMessage} />
      {restored && error !== undefined && <Notice tone="warn">{t("restore.not_locked")}</Notice>}
      <Failure error={error} />
      <div class="ends">
        <button type="button" class="button" onClick={onClose}>{t("do.cancel")}</button>
        <Action kind="main" scope="runs:apply" onPress={restore}>{t(restored ? "restore.lock_again" : "restore.do")}</Action>
      </div>
    </Dialog>
  );
}
