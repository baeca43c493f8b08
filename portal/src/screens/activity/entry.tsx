/** One change: what, when and by whom; opened, all that is known of it. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { t } from "../../messages/index.js";
import { filter, href } from "../../routes.js";
import { scopes } from "../../session.js";
import { Icon } from "../../ui/icon.js";
import { When } from "../../ui/when.js";
import type { Names } from "./audit_trail.js";
import { lookOf } from "./kinds.js";
import { RunWriters } from "./run_writers.js";
import { Settings } from "./settings.js";
import { Subject } from "./subject.js";

export function Entry({ entry, names, begin }: {
  entry: models.AuditEntry;
  names: Names;
  /** Whether it is opened from the beginning. */
  begin: boolean;
}) {
  const [open, setOpen] = useState(begin);
  const { icon, tone } = lookOf(entry.kind);
  return (
    <li class="line change">
      <span class={`mark ${tone}`}><Icon name={icon} /></span>
      <div class="grow">
        <strong>{t(`audit.${entry.kind}`)}</strong>
        <Subject entry={entry} names={names} />
        {entry.message !== null && <q dir="auto">{entry.message}</q>}
        <p class="small quiet" dir="auto"><When at={entry.at} /> · <Who by={entry.by} /></p>
        <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary class="small">{t("activity.details")}</summary>
          {open && <Details entry={entry} names={names} />}
        </details>
      </div>
    </li>
  );
}

function Who({ by }: { by: models.Author }) {
  if (by === null) return <>{t("by.system")}</>;
  return <button type="button" class="link" title={t("activity.only_by")} onClick={() => filter({ by: by.keyId })}>{by.name}</button>;
}

function Details({ entry, names }: { entry: models.AuditEntry; names: Names }) {
  const { kind, by, address, userAgent, requestId, subject: { sourceId, runId }, before, after } = entry;
  return (
    <div class="stack details">
      <Settings before={before} after={after} />
      {kind.startsWith("run.") && sourceId && runId && scopes.value.has("runs:read") && <RunWriters sourceId={sourceId} runId={runId} names={names} />}
      <dl class="facts">
        <dt>{t("activity.address")}</dt><dd>{address ?? "–"}</dd>
        <dt>{t("activity.agent")}</dt><dd dir="auto">{userAgent ?? "–"}</dd>
        <dt>{t("request.id")}</dt><dd><a class="mono" href={href("activity", [], { requestId })}>{requestId}</a></dd>
        {by && <><dt>{t("subject.keyId")}</dt><dd><a class="mono" href={href("keys", [by.keyId])}>{by.keyId}</a></dd></>}
        {by?.sessionId && <><dt>{t("subject.sessionId")}</dt><dd><a class="mono" href={href("activity", [], { by: by.sessionId })}>{by.sessionId}</a></dd></>}
      </dl>
    </div>
  );
}
