/** Makes a key: what it is for fills the fields, and its text is shown once. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { caller } from "../../session.js";
import { sourceId } from "../../sources.js";
import { announce } from "../../ui/announce.js";
import { Action } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Failure } from "../../ui/failure.js";
import { type Draft, endOf, Fields, originsOf } from "./fields.js";
import { KeySecret } from "./key_secret.js";
import { type Template, TEMPLATES } from "./scopes.js";

type Environment = models.Key["environment"];

export function CreateKey({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const [draft, setDraft] = useState<Draft>(() => draftOf(TEMPLATES[0]!));
  const [template, setTemplate] = useState(TEMPLATES[0]!);
  const [environment, setEnvironment] = useState<Environment>(caller.value?.key.environment ?? "live");
  const [made, setMade] = useState<models.NewKeyResponse>();
  const [error, setError] = useState<unknown>();
  const pick = (next: Template): void => {
    setTemplate(next);
    setDraft(draftOf(next));
  };
  const create = async (): Promise<void> => {
    setError(undefined);
    const { name, description, kind, scopes, sourceIds, limit, expiry } = draft;
    try {
      const wanted: models.CreateKeyRequest = {
        name, kind, environment, scopes: [...scopes], sourceIds: sourceIds && [...sourceIds], rateLimitPerMinute: limit,
        expiresAt: expiry === "keep" ? null : endOf(expiry),
        ...(description && { description }),
        ...(kind === "browser" && { allowedOrigins: originsOf(draft) }),
      };
      setMade(await api().keys.create(wanted));
      announce(t("create_key.done"));
      onDone();
    } catch (failure) {
      setError(failure);
    }
  };
  if (made !== undefined) return <Dialog key="made" title={t("create_key.done")} onClose={onClose} firm><KeySecret made={made} onClose={onClose} /></Dialog>;
  return (
    <Dialog key="draft" title={t("create_key.title")} onClose={onClose}>
      <div class="row kinds" role="group" aria-label={t("template.label")}>
        {TEMPLATES.map((each) => (
          <button type="button" class="pill" key={each.title} aria-pressed={each === template} onClick={() => pick(each)}>{t(each.title)}</button>
        ))}
      </div>
      <Fields draft={draft} onInput={(changes) => setDraft((before) => ({ ...before, ...changes }))} />
      <label class="field"><span>{t("keys.environment")}</span>
        <select value={environment} onChange={(event) => setEnvironment(event.currentTarget.value as Environment)}>
          <option value="live">{t("environment.live")}</option>
          <option value="test">{t("environment.test")}</option>
        </select>
      </label>
      <Failure error={error} />
      <div class="ends">
        <button type="button" class="button" onClick={onClose}>{t("do.cancel")}</button>
        <Action kind="main" scope="keys:manage" onPress={create}>{t("create_key.do")}</Action>
      </div>
    </Dialog>
  );
}

function draftOf({ title, kind, scopes, days, ofSource, limit }: Template): Draft {
  const first = sourceId.value;
  const sourceIds = ofSource && first !== null ? [first] : kind === "browser" ? [] : null;
  return { name: t(title), description: "", kind, scopes, sourceIds, origins: "", limit, expiry: days ?? "never" };
}
