/** The secret that signs what is delivered: shown once, and replaced while both sign. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { Action } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Failure } from "../../ui/failure.js";
import { Copyable, Once } from "../../ui/secret.js";

const LONGEST_DAYS = 30;
const DAY_SECONDS = 86_400;

export function SecretShown({ secret, onClose }: { secret: string; onClose: () => void }) {
  return (
    <Dialog title={t("hook_secret.title")} onClose={onClose} firm>
      <Once>{t("hook_secret.lead")}</Once>
      <Copyable label={t("secret.text")} text={secret} />
      <Copyable label={t("secret.env")} text={`WEBHOOK_SECRET=${secret}`} />
      <div class="ends"><button type="button" class="button main" onClick={onClose}>{t("secret.kept")}</button></div>
    </Dialog>
  );
}

export function RotateSecret({ of, onClose, onDone }: { of: models.Webhook; onClose: () => void; onDone: () => void }) {
  const [days, setDays] = useState(1);
  const [secret, setSecret] = useState<string>();
  const [error, setError] = useState<unknown>();
  const told = days === 0 ? t("rotate.at_once") : t("rotate.overlap_days", { n: days });
  const rotate = async (): Promise<void> => {
    setError(undefined);
    try {
      setSecret((await api().webhooks.rotateSecret(of.id, { overlapSeconds: days * DAY_SECONDS })).secret);
      onDone();
    } catch (failure) {
      setError(failure);
    }
  };
  if (secret !== undefined) return <SecretShown key="made" secret={secret} onClose={onClose} />;
  return (
    <Dialog key="draft" title={t("hook_secret.rotate_title")} onClose={onClose}>
      <p>{t("hook_secret.rotate_lead")}</p>
      <label class="field"><span>{t("hook_secret.overlap")} <output>{told}</output></span>
        <input type="range" min={0} max={LONGEST_DAYS} value={days} aria-valuetext={told} onInput={(event) => setDays(event.currentTarget.valueAsNumber)} />
      </label>
      <Failure error={error} />
      <div class="ends">
        <button type="button" class="button" onClick={onClose}>{t("do.cancel")}</button>
        <Action kind="main" scope="webhooks:manage" onPress={rotate}>{t("hook_secret.rotate")}</Action>
      </div>
    </Dialog>
  );
}
