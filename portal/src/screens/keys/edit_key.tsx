/** Changes a key in its place; only what was changed is sent. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { Action } from "../../ui/button.js";
import { Notice } from "../../ui/chip.js";
import { Failure } from "../../ui/failure.js";
import { type Draft, endOf, Fields, originsOf } from "./fields.js";

export function EditKey({ of, onClose, onDone }: { of: models.Key; onClose: () => void; onDone: () => void }) {
  const [draft, setDraft] = useState<Draft>(() => draftOf(of));
  const [error, setError] = useState<unknown>();
  const save = async (): Promise<void> => {
    setError(undefined);
    try {
      const changes = changesOf(of, draft);
      if (Object.keys(changes).length > 0) await api().keys.update(of.id, changes);
      onDone();
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <section class="card stack edit-key" aria-label={t("edit_key.do")}>
      <Fields kept draft={draft} onInput={(changes) => setDraft((before) => ({ ...before, ...changes }))} />
      <Notice tone="info">{t("edit_key.narrow")}</Notice>
      <Failure error={error} />
      <div class="row ends">
        <button type="button" class="button" onClick={onClose}>{t("do.cancel")}</button>
        <Action kind="main" scope="keys:manage" onPress={save}>{t("edit_key.save")}</Action>
      </div>
    </section>
  );
}

function draftOf(key: models.Key): Draft {
  const { name, description, kind = "secret", scopes, sourceIds, allowedOrigins, rateLimitPerMinute } = key;
  const origins = (allowedOrigins ?? []).join("\n");
  return { name, description: description ?? "", kind, scopes, sourceIds, origins, limit: rateLimitPerMinute, expiry: "keep" };
}

function changesOf(key: models.Key, draft: Draft): models.UpdateKeyRequest {
  const before = draftOf(key);
  const differs = (field: keyof Draft): boolean => JSON.stringify(before[field]) !== JSON.stringify(draft[field]);
  return {
    ...(differs("name") && { name: draft.name }),
    ...(differs("description") && { description: draft.description || null }),
    ...(differs("scopes") && { scopes: [...draft.scopes] }),
    ...(differs("sourceIds") && { sourceIds: draft.sourceIds && [...draft.sourceIds] }),
    ...(differs("origins") && { allowedOrigins: originsOf(draft) }),
    ...(differs("limit") && { rateLimitPerMinute: draft.limit }),
    ...(draft.expiry !== "keep" && { expiresAt: endOf(draft.expiry) }),
  };
}
