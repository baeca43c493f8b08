/** Makes a webhook, whose secret is shown once, or changes one. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { announce } from "../../ui/announce.js";
import { Action } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Failure } from "../../ui/failure.js";
import { SourcesField } from "../../ui/source_picker.js";
import { EventsField } from "./events_field.js";
import { SecretShown } from "./hook_secret.js";
import type { Wanted } from "./samples.js";

const LONGEST_URL = 2048;
const LONGEST_DESCRIPTION = 200;

export function WriteWebhook({ of, onClose, onDone }: { of?: models.Webhook; onClose: () => void; onDone: () => void }) {
  const [url, setUrl] = useState(of?.url ?? "https://");
  const [description, setDescription] = useState(of?.description ?? "");
  const [events, setEvents] = useState((of?.events ?? null) as Wanted[] | null);
  const [sourceIds, setSourceIds] = useState(of?.sourceIds ?? null);
  const [secret, setSecret] = useState<string>();
  const [error, setError] = useState<unknown>();
  const write = async (): Promise<void> => {
    setError(undefined);
    const wanted = { url: url.trim(), description: description || null, events, sourceIds };
    try {
      if (of === undefined) setSecret((await api().webhooks.create(wanted)).secret);
      else await api().webhooks.update(of.id, wanted);
      announce(t(of === undefined ? "hook_secret.title" : "webhooks.saved"));
      onDone();
      if (of !== undefined) onClose();
    } catch (failure) {
      setError(failure);
    }
  };
  if (secret !== undefined) return <SecretShown key="made" secret={secret} onClose={onClose} />;
  return (
    <Dialog key="draft" title={t(of === undefined ? "webhooks.create" : "webhooks.edit_title")} onClose={onClose}>
      <label class="field"><span>{t("webhooks.url")}</span>
        <input type="url" class="mono" spellcheck={false} maxLength={LONGEST_URL} value={url} onInput={(event) => setUrl(event.currentTarget.value)} />
      </label>
      <label class="field"><span>{t("webhooks.description")}</span>
        <input dir="auto" maxLength={LONGEST_DESCRIPTION} value={description} onInput={(event) => setDescription(event.currentTarget.value)} />
      </label>
      <EventsField value={events} onInput={setEvents} />
      <SourcesField value={sourceIds} onInput={setSourceIds} />
      <Failure error={error} />
      <div class="ends">
        <button type="button" class="button" onClick={onClose}>{t("do.cancel")}</button>
        <Action kind="main" scope="webhooks:manage" onPress={write}>{t(of === undefined ? "webhooks.make" : "webhooks.save")}</Action>
      </div>
    </Dialog>
  );
}
