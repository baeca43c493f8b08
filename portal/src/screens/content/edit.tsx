/** Writing an item: a new one only where there is none, another only if it is still what was read. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { announce } from "../../ui/announce.js";
import { Action } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Failure } from "../../ui/failure.js";

const TYPES = ["text/plain", "text/markdown", "text/html"] as const;

export function EditItem({ source, item, content = "", tag, onClose, onDone }: {
  source: string;
  /** What is changed; without it a new one is written. */
  item?: models.Item;
  content?: string;
  tag?: string | undefined;
  onClose: () => void;
  onDone: () => void;
}) {
  const [id, setId] = useState(item?.externalItemId ?? "");
  const [title, setTitle] = useState(item?.title ?? "");
  const [text, setText] = useState(content);
  const [type, setType] = useState<models.ItemInput["contentType"]>(item?.contentType ?? "text/markdown");
  const [url, setUrl] = useState(item?.url ?? "");
  const [language, setLanguage] = useState(item?.language ?? "");
  const [tags, setTags] = useState((item?.tags ?? []).join(", "));
  const [error, setError] = useState<unknown>();
  const stage = async (): Promise<void> => {
    setError(undefined);
    const wanted: models.ItemInput = {
      externalItemId: id,
      title,
      content: text,
      contentType: type,
      url: url || null,
      language: language || null,
      tags: tags.split(",").map((each) => each.trim()).filter((each) => each !== ""),
      metadata: item?.metadata ?? null,
    };
    try {
      await api().items.push(source, wanted, item === undefined ? { ifNoneMatch: "*" } : { ifMatch: tag });
      announce(t("content.staged"));
      onDone();
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <Dialog title={t(item ? "content.edit_title" : "content.new_title")} onClose={onClose}>
      <p class="quiet small">{t("content.edit_lead")}</p>
      {item === undefined && <Field label={t("content.id")} name="id" value={id} onInput={setId} />}
      <Field label={t("content.title")} name="title" value={title} onInput={setTitle} />
      <label class="field"><span>{t("content.type")}</span>
        <select name="type" value={type} onChange={(event) => setType(event.currentTarget.value as (typeof TYPES)[number])}>
          {TYPES.map((each) => <option value={each}>{t(`type.${each}`)}</option>)}
        </select>
      </label>
      <label class="field"><span>{t("content.text")}</span>
        <textarea name="content" rows={12} value={text} dir="auto" onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      <div class="item-pair">
        <Field label={t("content.language")} name="language" value={language} onInput={setLanguage} />
        <Field label={t("content.tags_hint")} name="tags" value={tags} onInput={setTags} />
      </div>
      <Field label={t("content.url")} name="url" value={url} onInput={setUrl} />
      <Failure error={error} />
      <div class="ends">
        <button type="button" class="button" onClick={onClose}>{t("do.cancel")}</button>
        <Action kind="main" scope="items:write" blocked={id && title && text ? undefined : t("content.incomplete")} onPress={stage}>{t("content.stage")}</Action>
      </div>
    </Dialog>
  );
}

function Field({ label, name, value, onInput }: { label: string; name: string; value: string; onInput: (value: string) => void }) {
  return (
    <label class="field"><span>{label}</span>
      <input name={name} value={value} dir="auto" autocomplete="off" onInput={(event) => onInput(event.currentTarget.value)} />
    </label>
  );
}
