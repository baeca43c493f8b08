/** Signing in: a key is exchanged for a session; what was looked at stays in the address. */

import { useEffect, useRef, useState } from "preact/hooks";
import { signIn } from "../api.js";
import { t } from "../messages/index.js";
import { ended } from "../session.js";
import { Notice } from "../ui/chip.js";
import { Failure } from "../ui/failure.js";
import { LanguagePicker } from "./language_picker.js";

const KEY = /^sk_(live|test)_\w+$/;

export function SignIn({ linkFailed }: { linkFailed: boolean }) {
  const [key, setKey] = useState("");
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState(false);
  const [error, setError] = useState<unknown>();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const given = key.trim();
    setError(undefined);
    setWrong(!KEY.test(given));
    if (!KEY.test(given) || busy) return input.current?.focus();
    setBusy(true);
    try {
      await signIn(given);
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <main class="sign-in">
      <form class="card" onSubmit={submit} noValidate>
        <img src="icon.svg" alt="" width="40" height="40" />
        <h1>{t("sign_in.title")}</h1>
        <p class="quiet">{t("sign_in.lead")}</p>
        {linkFailed && <Notice tone="warn">{t("sign_in.code_failed")}</Notice>}
        {ended.value && <Notice tone={ended.value === "signed_out" ? "good" : "info"}>{t(`ended.${ended.value}`)}</Notice>}
        <label class="field">
          <span>{t("sign_in.key")}</span>
          <input
            ref={input}
            name="key"
            class="mono"
            type={(shown ? "text" : "password") as "password"}
            autocomplete="off"
            spellcheck={false}
            placeholder="sk_live_…"
            aria-invalid={wrong}
            aria-describedby="sign-in-hint"
            value={key}
            onInput={(event) => setKey(event.currentTarget.value)}
          />
        </label>
        {wrong && <p class="fault" role="alert">{t("sign_in.no_key")}</p>}
        <label class="row small">
          <input type="checkbox" checked={shown} onChange={() => setShown(!shown)} /> {t("sign_in.show")}
        </label>
        <Failure error={error} />
        <button type="submit" class="button main wide" aria-disabled={busy}>{t(busy ? "sign_in.going" : "sign_in.go")}</button>
        <p class="small quiet" id="sign-in-hint">{t("sign_in.hint")}</p>
      </form>
      <LanguagePicker />
    </main>
  );
}
