/** Ends a key for good, once its name was typed. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { Action } from "../../ui/button.js";
import { Notice } from "../../ui/chip.js";
import { Dialog } from "../../ui/dialog.js";
import { Failure } from "../../ui/failure.js";
import { When } from "../../ui/when.js";
import { isOwn } from "./own.js";

export function RevokeKey({ of, onClose, onDone }: { of: models.Key; onClose: () => void; onDone: () => void }) {
  const [typed, setTyped] = useState("");
  const [error, setError] = useState<unknown>();
  const revoke = async (): Promise<void> => {
    setError(undefined);
    try {
      await api().keys.revoke(of.id);
      onDone();
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <Dialog title={t("revoke.title", { name: of.name })} onClose={onClose}>
      <p>{t("revoke.lead")}</p>
      <p>{t("revoke.used")} <When at={of.lastUsedAt} style="ago" /></p>
      {isOwn(of.id) && <Notice tone="bad">{t("revoke.own")}</Notice>}
      <label class="field"><span dir="auto">{t("revoke.type", { name: of.name })}</span>
        <input dir="auto" autocomplete="off" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
      </label>
      <Failure error={error} />
      <div class="ends">
        <button type="button" class="button" onClick={onClose}>{t("do.cancel")}</button>
        <Action kind="danger" scope="keys:manage" blocked={typed.trim() === of.name.trim() ? undefined : t("revoke.type_first")} onPress={revoke}>
          {t("revoke.do")}
        </Action>
      </div>
    </Dialog>
  );
}
