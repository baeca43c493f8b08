/**
 * A dialog over the page. The focus begins at the first thing in it, and not at its cross; the browser keeps it inside and
 * gives it back. Escape and the cross close it.
 */

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { t } from "../messages/index.js";
import { Icon } from "./icon.js";

export function Dialog({ title, onClose, side = false, firm = false, children }: {
  title: string;
  onClose: () => void;
  /** Whether it lies along the edge, for what is read beside the page. */
  side?: boolean;
  /** Whether Escape leaves it open, as what it shows can't be shown again. */
  firm?: boolean;
  children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    dialog.current?.querySelector<HTMLElement>(".dialog-body :is(input, select, textarea, button, a[href])")?.focus();
    return () => before instanceof HTMLElement && before.isConnected && before.focus();
  }, []);
  return (
    <dialog
      ref={dialog}
      class={side ? "side" : ""}
      aria-labelledby={id}
      closedby={firm ? "none" : "closerequest"}
      onClose={onClose}
      // For browsers that don't know `closedby`. The others let a page refuse but once.
      onCancel={(event) => firm && event.target === event.currentTarget && event.preventDefault()}
    >
      <header class="row">
        <h2 id={id} class="grow">{title}</h2>
        <button type="button" class="button quiet only" aria-label={t("do.close")} onClick={() => dialog.current?.close()}>
          <Icon name="close" />
        </button>
      </header>
      <div class="dialog-body">{children}</div>
    </dialog>
  );
}
