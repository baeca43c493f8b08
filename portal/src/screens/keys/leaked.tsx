/** A text was found where it should not be: which key it is, and its replacement at once. */

import { useState } from "preact/hooks";
import { ApiError, type models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { href } from "../../routes.js";
import { announce } from "../../ui/announce.js";
import { Action } from "../../ui/button.js";
import { Chip, Notice } from "../../ui/chip.js";
import { Dialog } from "../../ui/dialog.js";
import { Failure } from "../../ui/failure.js";
import { isOwn } from "./own.js";
import { KeySecret } from "./key_secret.js";
import { over, STATUS_TONES } from "./scopes.js";

export function Leaked({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const [text, setText] = useState("");
  /** Null when it is no key. */
  const [found, setFound] = useState<models.Key | null>();
  const [made, setMade] = useState<models.NewKeyResponse>();
  const [error, setError] = useState<unknown>();
  const doing = (work: () => Promise<void>) => async (): Promise<void> => {
    setError(undefined);
    await work().catch(setError);
  };
  const ask = doing(async () => {
    if (text.trim() === "") return;
    const key = await identify(text.trim());
    setText("");
    setFound(key);
    announce(key === null ? t("leaked.none") : key.name);
  });
  const replace = doing(async () => {
    setMade(await api().keys.rotate(found!.id, { overlapSeconds: 0 }));
    onDone();
  });
  if (made !== undefined) return <Dialog key="made" title={t("create_key.done")} onClose={onClose} firm><KeySecret made={made} onClose={onClose} /></Dialog>;
  return (
    <Dialog key="ask" title={t("leaked.title")} onClose={onClose}>
      <form class="stack" onSubmit={(event) => (event.preventDefault(), void ask())}>
        <label class="field"><span>{t("leaked.text")}</span>
          <input class="mono" type="password" autocomplete="off" spellcheck={false} value={text} onInput={(event) => setText(event.currentTarget.value)} />
        </label>
        <p class="small quiet">{t("leaked.lead")}</p>
        <div class="ends"><Action kind={found ? "plain" : "main"} scope="keys:manage" icon="search" onPress={ask}>{t("leaked.ask")}</Action></div>
      </form>
      <Failure error={error} />
      {found === null && <Notice tone="still">{t("leaked.none")}</Notice>}
      {found && (
        <section class="stack" aria-label={t("leaked.title")}>
          <div class="row">
            <strong class="grow" dir="auto">{found.name}</strong>
            <Chip tone={STATUS_TONES[found.status]}>{t(`key_status.${found.status}`)}</Chip>
          </div>
          <code>{found.id}</code>
          <Notice tone={over(found) ? "good" : "bad"}>{t(over(found) ? "leaked.ended" : "leaked.replace_lead")}</Notice>
          {!over(found) && isOwn(found.id) && <Notice tone="bad">{t("revoke.own")}</Notice>}
          <div class="ends">
            <a class="button" href={href("keys", [found.id])} onClick={onClose}>{t("leaked.open")}</a>
            {!over(found) && <Action kind="main" scope="keys:manage" onPress={replace}>{t("leaked.replace")}</Action>}
          </div>
        </section>
      )}
    </Dialog>
  );
}

async function identify(secret: string): Promise<models.Key | null> {
  try {
    return await api().keys.identify({ secret });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}
