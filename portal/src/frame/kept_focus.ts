/** Keeps the focus in a part of the page: when what had it is taken away, as a button that has done its work, the part gets it. */

import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";

export function useKeptFocus(part: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const within = part.current;
    if (within === null) return;
    let last: EventTarget | null = null;
    const note = (event: FocusEvent): void => void (last = event.target);
    const changes = new MutationObserver(() => {
      if (!(last instanceof Node) || last.isConnected || document.activeElement !== document.body) return;
      last = null;
      within.focus({ preventScroll: true });
    });
    within.addEventListener("focusin", note);
    changes.observe(within, { childList: true, subtree: true });
    return () => {
      within.removeEventListener("focusin", note);
      changes.disconnect();
    };
  }, []);
}
