/** Texts that are shown this once. They live in the state of the dialog around them and go with it. */

import type { ComponentChildren } from "preact";
import { t } from "../messages/index.js";
import { CopyButton } from "./button.js";
import { Notice } from "./chip.js";

export function Once({ children }: { children: ComponentChildren }) {
  return <Notice tone="warn">{children}</Notice>;
}

/** A text with its name, to be copied. */
export function Copyable({ label, text }: { label: string; text: string }) {
  return (
    <section class="copyable" aria-label={label}>
      <header class="row">
        <h3 class="grow">{label}</h3>
        <CopyButton text={text} label={`${t("do.copy")}: ${label}`} />
      </header>
      <pre tabIndex={0}>{text}</pre>
    </section>
  );
}
