/** A button that knows what it takes: without the scope it stays in place, does nothing, and says why. */

import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { t } from "../messages/index.js";
import { scopes } from "../session.js";
import { announce } from "./announce.js";
import { Icon, type IconName } from "./icon.js";

export interface ActionProps {
  /** What the session must have; `["runs:write", "runs:apply"]` is both. */
  readonly scope?: string | readonly string[];
  readonly kind?: "main" | "plain" | "danger" | "quiet";
  readonly icon?: IconName;
  /** Why it can't be pressed now, in words. */
  readonly blocked?: string | undefined;
  /** What it is called where its words alone don't tell, as in a list. */
  readonly label?: string;
  readonly onPress: () => unknown;
  readonly children: ComponentChildren;
}

/** While a promise of `onPress` is under way it can't be pressed again; what fails is the caller's to show. */
export function Action({ scope = [], kind = "plain", icon, blocked, label, onPress, children }: ActionProps) {
  const [busy, setBusy] = useState(false);
  const id = useId();
  const missing = [scope].flat().filter((each) => !scopes.value.has(each));
  const why = missing.length > 0 ? t("scope.needed", { scope: missing.join(", ") }) : blocked;
  const press = async (): Promise<void> => {
    if (why !== undefined) return announce(why);
    if (busy) return;
    setBusy(true);
    try {
      await onPress();
    } finally {
      setBusy(false);
    }
  };
  return (
    <span class="action">
      <button
        type="button"
        class={`button ${kind}`}
        aria-label={label}
        aria-disabled={why !== undefined || busy}
        aria-busy={busy}
        aria-describedby={why === undefined ? undefined : id}
        onClick={press}
      >
        {icon && <Icon name={why === undefined ? icon : "lock"} />}
        {children}
      </button>
      {why !== undefined && <span id={id} role="tooltip" class="why">{why}</span>}
    </span>
  );
}

/** Copies a text, and says so. */
export function CopyButton({ text, label }: { text: string; label?: string }) {
  const [done, setDone] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setDone(true);
    announce(t("do.copied"));
    setTimeout(() => setDone(false), 2000);
  };
  return (
    <button type="button" class="button quiet" onClick={copy} aria-label={label}>
      <Icon name={done ? "check" : "copy"} />
      {t(done ? "do.copied" : "do.copy")}
    </button>
  );
}
