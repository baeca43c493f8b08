/** Looks again at what changes by itself, for as long as it does. */

import { useEffect, useState } from "preact/hooks";

const FIRST_LOOK_MS = 1000;
const LONGEST_LOOK_MS = 10_000;

/** Read `value` again while it is under way: soon at first, then less often, and not while nobody sees the page. */
export function useLooks(value: unknown, again: () => void, underWay: boolean): void {
  const [looks, setLooks] = useState(0);
  useEffect(() => {
    if (!underWay) return setLooks(0);
    const timer = setTimeout(() => {
      setLooks((before) => before + 1);
      if (!document.hidden) again();
    }, Math.min(FIRST_LOOK_MS * 1.3 ** looks, LONGEST_LOOK_MS));
    return () => clearTimeout(timer);
  }, [value, looks, underWay]);
}
