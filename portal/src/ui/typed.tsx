/** Asks before a deed that takes something away: it can be done once a text was typed. What fails is shown, and loses nothing. */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { t } from "../messages/index.js";
import { Action } from "./button.js";
import { Dialog } from "./dialog.js";
import { Failure } from "./failure.js";

export function TypedDialog({ title, label, text, deed, scope, blocked, work, onClose, children }: {
  title: string;
  /** What is to be typed, in words that name it. */
  label: string;
  text: string;
  /** The word on the button. */
  deed: string;
  scope: string;
  /** Why it can't be done yet, whatever is typed. */
  blocked?: string | undefined;
  work: () => Promise<unknown>;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const [typed, setTyped] = useState("");
  const [error, setError] = useState<unknown>();
  const act = async (): Promise<void> => {
    setError(undefined);
    await work().catch(setError);
  };
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      <label class="field"><span dir="auto" class="told">{label}</span>
        <input dir="auto" autocomplete="off" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
      </label>
      <Failure error={error} />
      <div class="ends">
        <button type="button" class="button" onClick={onClose}>{t("do.cancel")}</button>
        <Action kind="danger" scope={scope} blocked={blocked ?? (typed.trim() === text.trim() ? undefined : t("typed.first"))} onPress={act}>{deed}</Action>
      </div>
    </Dialog>
  );
}
