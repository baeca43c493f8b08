/** Makes the successor of a key; for how long the old one goes on working is chosen. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { Action } from "../../ui/button.js";
import { Notice } from "../../ui/chip.js";
import { Dialog } from "../../ui/dialog.js";
import { Failure } from "../../ui/failure.js";
import { isOwn } from "./own.js";
import { KeySecret } from "./key_secret.js";

const LONGEST_DAYS = 30;
const DAY_SECONDS = 86_400;

export function RotateKey({ of, onClose }: {
  of: models.Key;
  /** Is handed the successor, if one was made. */
  onClose: (made: models.Key | null) => void;
}) {
  const [days, setDays] = useState(1);
  const [made, setMade] = useState<models.NewKeyResponse>();
  const [error, setError] = useState<unknown>();
  const told = days === 0 ? t("rotate.at_once") : t("rotate.overlap_days", { n: days });
  const rotate = async (): Promise<void> => {
    setError(undefined);
    try {
      setMade(await api().keys.rotate(of.id, { overlapSeconds: days * DAY_SECONDS }));
    } catch (failure) {
      setError(failure);
    }
  };
  const close = (): void => onClose(made?.key ?? null);
  if (made !== undefined) return <Dialog key="made" title={t("create_key.done")} onClose={close} firm><KeySecret made={made} onClose={close} /></Dialog>;
  return (
    <Dialog key="draft" title={t("rotate.title", { name: of.name })} onClose={close}>
      <p>{t("rotate.lead")}</p>
      <label class="field"><span>{t("rotate.overlap")} <output>{told}</output></span>
        <input type="range" min={0} max={LONGEST_DAYS} value={days} aria-valuetext={told} onInput={(event) => setDays(event.currentTarget.valueAsNumber)} />
      </label>
      {isOwn(of.id) && days === 0 && <Notice tone="bad">{t("revoke.own")}</Notice>}
      <Failure error={error} />
      <div class="ends">
        <button type="button" class="button" onClick={close}>{t("do.cancel")}</button>
        <Action kind="main" scope="keys:manage" onPress={rotate}>{t("rotate.do")}</Action>
      </div>
    </Dialog>
  );
}
