/** One source on Home: whether it is live, what waits, and what happened last. */

import type { models } from "../../../../clients/typescript/src/index.js";
import { bytes, type MessageKey, number, t } from "../../messages/index.js";
import { href } from "../../routes.js";
import { Chip, type Tone } from "../../ui/chip.js";
import { Failure } from "../../ui/failure.js";
import { useLoaded } from "../../ui/load.js";
import { When } from "../../ui/when.js";
import { Banners } from "./banners.js";
import { type Overview, readOverview } from "./overview.js";

const RUN_TONES: Partial<Record<models.Run["state"], Tone>> = { published: "good", failed: "bad", ready: "info" };
const IMPORT_TONES: Partial<Record<models.Import["state"], Tone>> = { completed: "good", failed: "bad", completed_with_errors: "warn" };

export function SourceCard({ listed }: { listed: models.Source }) {
  const { value, error, again } = useLoaded((signal) => readOverview(listed.id, signal), [listed.id]);
  const source = value?.source ?? listed;
  return (
    <article class="card stack source-card" aria-labelledby={source.id}>
      <header class="row">
        <h2 class="grow" id={source.id} dir="auto"><a href={href("content", [source.id])}>{source.name}</a></h2>
        <Status source={source} />
      </header>
      <p class="served" dir="auto">
        {source.generationId === null ? t("home.nothing_served") : t("home.served", { n: source.servedItems ?? 0 })}
        {source.generationId !== null && source.servedBytes !== undefined && <span class="quiet small"> · {bytes(source.servedBytes)}</span>}
      </p>
      <Failure error={error} again={again} />
      {value && <Banners overview={value} />}
      {value ? <Facts overview={value} /> : error === undefined && <p class="quiet small" aria-busy="true">{t("app.loading")}</p>}
      <footer class="row">
        <a class="button" href={href("content", [source.id])}>{t("home.open")}</a>
        {(source.pendingChanges ?? 0) > 0 && <a class="button main" href={href("review", [source.id])}>{t("home.review")}</a>}
      </footer>
    </article>
  );
}

function Status({ source }: { source: models.Source }) {
  const locked = source.publishing === "locked" && <Chip tone="warn" icon="lock">{t("home.locked")}</Chip>;
  return <>{locked}{statusOf(source)}</>;
}

function statusOf(source: models.Source) {
  if (source.status === "deleting") return <Chip tone="bad">{t("home.deleting")}</Chip>;
  if (source.serving === "off") return <Chip tone="warn">{t("home.off")}</Chip>;
  if (source.generationId === null) return <Chip tone="still">{t("home.never")}</Chip>;
  if (source.status === "archived") return <Chip tone="warn">{t("home.archived")}</Chip>;
  return <Chip tone="good">{t("home.live")}</Chip>;
}

function Facts({ overview: { source, generation, run, import: last, removed, moreRemoved } }: { overview: Overview }) {
  const due = moreRemoved ? "home.due_many" : "home.due_count";
  return (
    <dl class="facts">
      <dt>{t("home.pending")}</dt>
      <dd>{pending(source, generation)}</dd>
      <dt>{t("home.published")}</dt>
      <dd dir="auto">
        <When at={source.lastPublishedAt ?? generation?.publishedAt} style="ago" />
        {generation && <> {generation.createdBy ? t("by", { name: generation.createdBy.name }) : t("by.system")}</>}
        {generation?.message && <div class="quiet small">{generation.message}</div>}
      </dd>
      {run && (
        <>
          <dt>{t("home.run")}</dt>
          <dd><Chip tone={RUN_TONES[run.state] ?? "still"}>{t(`state.${run.state}`)}</Chip> <When at={run.createdAt} style="ago" /></dd>
        </>
      )}
      {last && (
        <>
          <dt>{t("home.import")}</dt>
          <dd>
            <Chip tone={IMPORT_TONES[last.state] ?? "still"}>{t(`state.${last.state}`)}</Chip> <When at={last.createdAt} style="ago" />
            {last.counts.rejected > 0 && <div class="small">{t("home.rejected", { n: last.counts.rejected })}</div>}
          </dd>
        </>
      )}
      <dt>{t("home.due")}</dt>
      <dd>
        {removed[0] ? <>{t(due, { n: removed.length })} <When at={removed[0].tombstoneDueAt} style="day" /></> : t("home.none")}
      </dd>
      <dt>{t("home.guard")}</dt>
      <dd>{guard(source)}</dd>
    </dl>
  );
}

/** What was written since the last publication; where an older one was taken back, what is staged differs without that. */
function pending(source: models.Source, generation: models.Generation | null): string {
  const n = source.pendingChanges ?? 0;
  if (n === 0) return t(generation?.origin === "restore" ? "home.pending_restored" : "home.pending_none");
  const key: MessageKey = source.pendingChangesMore ? "home.pending_more" : "home.pending_count";
  return t(key, { n });
}

function guard({ removalGuard }: models.Source): string {
  if (removalGuard?.maxPercent != null) return t("home.guard_percent", { n: number(removalGuard.maxPercent) });
  if (removalGuard?.maxItems != null) return t("home.guard_items", { n: removalGuard.maxItems });
  return t("home.guard_off");
}
