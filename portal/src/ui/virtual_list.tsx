/** A list of any length, of which only what can be seen is in the page; rows are of one height. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

const BEYOND = 6;

export function VirtualList<Entry>({ entries, rowHeight, label, keyOf, render, onEnd, total }: {
  entries: readonly Entry[];
  /** In px. */
  rowHeight: number;
  label: string;
  keyOf: (entry: Entry) => string;
  render: (entry: Entry) => ComponentChildren;
  /** Is called when the end comes near, to read more. */
  onEnd?: (() => void) | undefined;
  /** How many there are in all, if that is known. */
  total?: number | undefined;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState({ top: 0, height: 600 });
  useEffect(() => {
    const element = box.current!;
    const look = (): void => setSeen({ top: element.scrollTop, height: element.clientHeight });
    const watcher = new ResizeObserver(look);
    watcher.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      watcher.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, []);
  const first = Math.max(0, Math.floor(seen.top / rowHeight) - BEYOND);
  const last = Math.min(entries.length, Math.ceil((seen.top + seen.height) / rowHeight) + BEYOND);
  useEffect(() => {
    if (last >= entries.length - BEYOND) onEnd?.();
  }, [last, entries.length]);
  return (
    <div class="virtual" ref={box} tabIndex={0} role="region" aria-label={label}>
      <div role="list" class="virtual-rows" style={{ height: `${entries.length * rowHeight}px` }}>
        {entries.slice(first, last).map((entry, index) => (
          <div
            role="listitem"
            class="virtual-row"
            key={keyOf(entry)}
            aria-setsize={total ?? -1}
            aria-posinset={first + index + 1}
            style={{ top: `${(first + index) * rowHeight}px`, height: `${rowHeight}px` }}
          >
            {render(entry)}
          </div>
        ))}
      </div>
    </div>
  );
}
