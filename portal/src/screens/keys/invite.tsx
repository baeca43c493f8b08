/** A link that signs a colleague in, once; with a role, so that no key is passed on. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api, BASE_URL } from "../../api.js";
import { t } from "../../messages/index.js";
import { announce } from "../../ui/announce.js";
import { Action } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Failure } from "../../ui/failure.js";
import { Copyable, Once } from "../../ui/secret.js";
import { SourcesField } from "../../ui/source_picker.js";
import { When } from "../../ui/when.js";
import { type Role, ROLES } from "./scopes.js";

const LONGEST_NAME = 100;

export function Invite({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [sourceIds, setSourceIds] = useState<string[] | null>(null);
  const [made, setMade] = useState<models.SignInLinkResponse>();
  const [error, setError] = useState<unknown>();
  const make = async (): Promise<void> => {
    setError(undefined);
    try {
      setMade(await api().sessions.createSignInLink({ role, sourceIds, ...(name.trim() && { name: name.trim() }) }));
      announce(t("invite.link"));
    } catch (failure) {
      setError(failure);
    }
  };
  if (made !== undefined) {
    return (
      <Dialog key="made" title={t("invite.title")} onClose={onClose} firm>
        <Once>{t("invite.once")}</Once>
        <Copyable label={t("invite.link")} text={`${BASE_URL}/site/portal/#code=${made.code}`} />
        <p>{t("invite.until")} <When at={made.link.expiresAt} /></p>
        <div class="ends"><button type="button" class="button main" onClick={onClose}>{t("do.close")}</button></div>
      </Dialog>
    );
  }
  return (
    <Dialog key="draft" title={t("invite.title")} onClose={onClose}>
      <p>{t("invite.lead")}</p>
      <label class="field"><span>{t("invite.name")}</span>
        <input dir="auto" maxLength={LONGEST_NAME} value={name} onInput={(event) => setName(event.currentTarget.value)} />
      </label>
      <label class="field"><span>{t("invite.role")}</span>
        <select value={role} onChange={(event) => setRole(event.currentTarget.value as Role)}>
          {ROLES.map((each) => <option value={each} key={each}>{t(`role.${each}`)}</option>)}
        </select>
      </label>
      <SourcesField value={sourceIds} onInput={setSourceIds} />
      <Failure error={error} />
      <div class="ends">
        <button type="button" class="button" onClick={onClose}>{t("do.cancel")}</button>
        <Action kind="main" scope="keys:manage" onPress={make}>{t("invite.do")}</Action>
      </div>
    </Dialog>
  );
}
