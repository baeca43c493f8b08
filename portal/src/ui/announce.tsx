/** Says to screen readers what changed without the focus moving there. */

import { signal } from "@preact/signals";

const said = signal("");

/** Say something once, politely. */
export function announce(text: string): void {
  said.value = "";
  setTimeout(() => (said.value = text), 50);
}

export function LiveRegion() {
  return <div class="unseen" role="status" aria-live="polite">{said.value}</div>;
}
