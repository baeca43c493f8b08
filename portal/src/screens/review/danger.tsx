/** What vanishes, before anything else: how much, whether the guard lets it pass, and the text of the first. */

import type { models } from "../../../../clients/typescript/src/index.js";
import type { Change, Changes } from "../../changes/change.js";
import { number, t } from "../../messages/index.js";
import { filter } from "../../routes.js";
import { Icon } from "../../ui/icon.js";
import { useLoaded } from "../../ui/load.js";
import { guardOf } from "./guard.js";

const SHOWN = 3;
const EXCERPT = 160;

export function Danger({ run, source, changes }: { run: models.Run; source: models.Source; changes: Changes }) {
  const { tombstoned = 0, removed = 0 } = run.counts ?? {};
  const { value } = useLoaded((signal) => firstVanishing(changes, tombstoned, signal), [changes.about, tombstoned]);
  if (tombstoned + removed === 0) return null;
  const guard = guardOf(run, source);
  return (
    <section class={`notice danger-strip ${tombstoned > 0 ? "bad" : "warn"}`} aria-labelledby="vanishes">
      <Icon name={tombstoned > 0 ? "minus" : "clock"} />
      <div class="grow stack">
        <div>
          <h2 id="vanishes">
            {tombstoned > 0 && t("danger.vanish", { n: tombstoned })} {removed > 0 && t("danger.leave", { n: removed })}
          </h2>
          {tombstoned > 0 && <p class="small">{guard.words}</p>}
        </div>
        {value && value.length > 0 && (
          <ul class="vanishing">
            {value.map((each) => (
              <li key={each.externalItemId}>
                <button type="button" class="link" dir="auto" onClick={() => filter({ item: each.externalItemId, change: "tombstoned", prefix: undefined })}>
                  {each.title}
                </button>
                {each.before?.content !== undefined && <del class="small" dir="auto">{excerpt(each.before.content)}</del>}
              </li>
            ))}
            {tombstoned > value.length && <li class="small">{t("danger.more", { n: number(tombstoned - value.length) })}</li>}
          </ul>
        )}
      </div>
      <div class="row">
        {tombstoned > 0 && <button type="button" class="button" onClick={() => filter({ change: "tombstoned", item: undefined })}>{t("danger.look")}</button>}
        {removed > 0 && <button type="button" class="button" onClick={() => filter({ change: "removed", item: undefined })}>{t("danger.look_removed")}</button>}
      </div>
    </section>
  );
}

async function firstVanishing(changes: Changes, there: number, signal: AbortSignal): Promise<Change[]> {
  const found: Change[] = [];
  if (there === 0) return found;
  for await (const each of changes.list({ change: "tombstoned", include: "content", signal })) {
    found.push(each);
    if (found.length === Math.min(there, SHOWN)) break;
  }
  return found;
}

function excerpt(content: string): string {
  const line = content.replace(/\s+/g, " ").trim();
  return line.length > EXCERPT ? `${line.slice(0, EXCERPT).replace(/\S*$/, "")}…` : line;
}
