/** The runs of a source, the newest first, and what waits for one. */

import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { filter, href, place } from "../../routes.js";
import { Counts } from "../../changes/counts.js";
import { Chip, type Tone } from "../../ui/chip.js";
import { Failure } from "../../ui/failure.js";
import { useLoaded } from "../../ui/load.js";
import { More } from "../../ui/more.js";
import { usePages } from "../../ui/pages.js";
import { When } from "../../ui/when.js";
import { StartRun } from "./start_run.js";

export type State = models.Run["state"];
export const STATES: readonly State[] = ["ready", "planning", "applying", "published", "failed", "expired", "discarded"];
export const STATE_TONES: Partial<Record<State, Tone>> = { ready: "info", published: "good", failed: "bad", expired: "warn" };

const PAGE = 50;

export function Runs({ sourceId }: { sourceId: string }) {
  const state = STATES.find((each) => each === place.value.query["state"]);
  const source = useLoaded((signal) => api().sources.get(sourceId, { signal }), [sourceId]);
  const pages = usePages(
    (signal) => api().runs.list(sourceId, { limit: PAGE, signal, ...(state && { state }) }),
    [sourceId, state],
  );
  const { entries, complete, loading, error, again } = pages;
  return (
    <>
      <header class="head">
        <div>
          <h1>{t("review.title")}</h1>
          <p>{source.value ? waiting(source.value) : t("review.lead")}</p>
        </div>
        <StartRun sourceId={sourceId} />
      </header>
      <div class="stack">
        <div class="row kinds" role="group" aria-label={t("review.states")}>
          <button type="button" class="pill" aria-pressed={!state} onClick={() => filter({ state: undefined })}>{t("changes.all")}</button>
          {STATES.map((each) => (
            <button type="button" class="pill" key={each} aria-pressed={state === each} onClick={() => filter({ state: each })}>
              {t(`state.${each}`)}
            </button>
          ))}
        </div>
        <Failure error={error ?? source.error} again={again} />
        {entries.length > 0 && <ul class="lines">{entries.map((run) => <Line key={run.id} run={run} />)}</ul>}
        {entries.length === 0 && loading && <p class="quiet" aria-busy="true">{t("app.loading")}</p>}
        {entries.length === 0 && complete && error === undefined && (
          <div class="card empty">
            <h2>{t(state ? "review.none_such" : "review.none")}</h2>
            <p class="quiet">{t("review.none_lead")}</p>
          </div>
        )}
        <More pages={pages} page={PAGE} />
      </div>
    </>
  );
}

function Line({ run }: { run: models.Run }) {
  return (
    <li class="line">
      <a class="grow" href={href("review", [run.sourceId, run.id])}>
        <strong dir="auto">{run.message ?? t("review.run_of")}</strong>
        <span class="small quiet" dir="auto"><When at={run.createdAt} /> {run.createdBy ? t("by", { name: run.createdBy.name }) : t("by.system")}</span>
      </a>
      <Counts counts={run.counts} />
      <Chip tone={STATE_TONES[run.state] ?? "still"}>{t(`state.${run.state}`)}</Chip>
    </li>
  );
}

function waiting(source: models.Source): string {
  const n = source.pendingChanges ?? 0;
  return n === 0 ? t("review.nothing_waits") : t(source.pendingChangesMore ? "review.more_wait" : "review.waits", { n });
}
