/** Ends a key for good, once its name was typed. */

import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { Notice } from "../../ui/chip.js";
import { TypedDialog } from "../../ui/typed.js";
import { When } from "../../ui/when.js";
import { isOwn } from "./own.js";

export function RevokeKey({ of, onClose, onDone }: { of: models.Key; onClose: () => void; onDone: () => void }) {
  return (
    <TypedDialog
      title={t("revoke.title", { name: of.name })}
      label={t("revoke.type", { name: of.name })}
      text={of.name}
      deed={t("revoke.do")}
      scope="keys:manage"
      work={() => api().keys.revoke(of.id).then(onDone)}
      onClose={onClose}
    >
      <p>{t("revoke.lead")}</p>
      <p>{t("revoke.used")} <When at={of.lastUsedAt} style="ago" /></p>
      {isOwn(of.id) && <Notice tone="bad">{t("revoke.own")}</Notice>}
    </TypedDialog>
  );
}
