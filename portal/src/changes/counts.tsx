/** How much of what kind: of a run, or of a generation. */

import { number, t } from "../messages/index.js";
import { Icon } from "../ui/icon.js";
import { type Kind, KINDS, ICONS } from "./change.js";
import "./changes.css";

/** How much of what kind, without what is none. */
export function Counts({ counts }: { counts: Readonly<Record<Kind, number>> | null }) {
  if (counts === null) return null;
  const shown = KINDS.filter((kind) => counts[kind] > 0);
  if (shown.length === 0) return <span class="small quiet">{t("changes.none")}</span>;
  return (
    <span class="row counts">
      {shown.map((kind) => (
        <span key={kind} class={`count ${kind}`} title={t(`change.${kind}`)}>
          <Icon name={ICONS[kind]} />{number(counts[kind])}<span class="unseen"> {t(`change.${kind}`)}</span>
        </span>
      ))}
    </span>
  );
}
