/** Whose pushes and removals a run covers: they have no line of their own in the audit. */

import { api } from "../../api.js";
import { Counts } from "../../changes/counts.js";
import { t } from "../../messages/index.js";
import { href } from "../../routes.js";
import { Failure } from "../../ui/failure.js";
import { useLoaded } from "../../ui/load.js";
import type { Names } from "./audit_trail.js";

export function RunWriters({ sourceId, runId, names }: { sourceId: string; runId: string; names: Names }) {
  const { value, error, again } = useLoaded((signal) => api().runs.get(sourceId, runId, { signal }), [sourceId, runId]);
  if (error !== undefined) return <Failure error={error} again={again} />;
  if (value === undefined) return <p class="quiet" aria-busy="true">{t("app.loading")}</p>;
  const writers = value.writers ?? [];
  return (
    <div class="row small">
      <Counts counts={value.counts} />
      {writers.length > 0 && <span>{t("activity.writers")}</span>}
      {writers.map((id) => <a key={id} href={href("keys", [id])} dir="auto">{names.get(id) ?? id}</a>)}
    </div>
  );
}
