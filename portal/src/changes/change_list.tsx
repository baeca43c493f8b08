/** The changes as a list of which one is open. Arrows go through it where it has the focus, j and k from anywhere. */

import { useEffect, useRef } from "preact/hooks";
import { t } from "../messages/index.js";
import { go, href, place } from "../routes.js";
import { Icon } from "../ui/icon.js";
import { VirtualList } from "../ui/virtual_list.js";
import { type Change, ICONS, TONES } from "./change.js";

const ROW_PX = 62;

export function ChangeList({ entries, open, total, onEnd }: {
  entries: readonly Change[];
  open: Change;
  total: number | undefined;
  onEnd: () => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const move = (steps: number, focus: boolean): void => {
    const next = entries[entries.indexOf(open) + steps];
    if (next === undefined) return;
    go(addressOf(next), true);
    const list = box.current?.querySelector(".virtual");
    const top = entries.indexOf(next) * ROW_PX;
    if (list && (top < list.scrollTop || top + ROW_PX > list.scrollTop + list.clientHeight)) {
      list.scrollTop = steps > 0 ? top + ROW_PX - list.clientHeight : top;
    }
    // The row is drawn once the list has moved.
    if (focus) requestAnimationFrame(() => requestAnimationFrame(() => box.current?.querySelector<HTMLElement>("[aria-current]")?.focus()));
  };
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
      const at = event.target instanceof Element ? event.target : document.body;
      if (at.closest("input, textarea, select")) return;
      const within = box.current?.contains(at) ?? false;
      const steps = event.key === "j" || (within && event.key === "ArrowDown") ? 1 : event.key === "k" || (within && event.key === "ArrowUp") ? -1 : 0;
      if (steps === 0) return;
      event.preventDefault();
      move(steps, within);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  });
  return (
    <div ref={box} class="change-list">
      <VirtualList
        entries={entries}
        rowHeight={ROW_PX}
        label={t("changes.list")}
        keyOf={(each) => `${each.externalItemId} ${each.change} ${each.since ?? ""}`}
        render={(each) => <Row change={each} open={each === open} />}
        onEnd={onEnd}
        total={total}
      />
      <p class="small quiet key-hint">{t("changes.keys")}</p>
    </div>
  );
}

function Row({ change, open }: { change: Change; open: boolean }) {
  return (
    <a class="change-row" href={addressOf(change)} aria-current={open ? "true" : undefined}>
      <span class={`mark ${TONES[change.change]}`}><Icon name={ICONS[change.change]} /></span>
      <span class="grow">
        <span class="row-title cut" dir="auto">{change.title}</span>
        <span class="small quiet cut"><span class="unseen">{t(`change.${change.change}`)} </span><span class="mono" dir="auto">{change.externalItemId}</span></span>
      </span>
      {change.since && <span class="chip info">{t(`since.${change.since}`)}</span>}
    </a>
  );
}

function addressOf(change: Change): string {
  const { screen, path, query } = place.value;
  return href(screen, path, { ...query, item: change.externalItemId });
}
