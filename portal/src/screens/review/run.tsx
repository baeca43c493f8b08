/** One run: who would publish what, what vanishes, every change, and the deeds. It is looked at again while it is at work. */

import { useEffect, useMemo } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import type { Changes } from "../../changes/change.js";
import { ChangeBrowser } from "../../changes/change_browser.js";
import { t } from "../../messages/index.js";
import { filter, href, place } from "../../routes.js";
import { Notice } from "../../ui/chip.js";
import { Failure } from "../../ui/failure.js";
import { useLoaded } from "../../ui/load.js";
import { Danger } from "./danger.js";
import { Deeds } from "./deeds.js";
import { RunHead } from "./run_head.js";

const BETWEEN_LOOKS_MS = 1500;
const AT_WORK: readonly models.Run["state"][] = ["planning", "applying"];
/** Of these the changes can be listed, as long as they are kept. */
const LISTED: readonly models.Run["state"][] = ["ready", "applying", "published", "discarded"];

export function RunPage({ sourceId, runId }: { sourceId: string; runId: string }) {
  const { value, error, again } = useLoaded(
    async (signal) => {
      const [run, source] = await Promise.all([api().runs.get(sourceId, runId, { signal }), api().sources.get(sourceId, { signal })]);
      return { run, source };
    },
    [sourceId, runId],
  );
  const run = value?.run;
  useEffect(() => {
    if (run === undefined || !AT_WORK.includes(run.state)) return undefined;
    const timer = setTimeout(again, BETWEEN_LOOKS_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return (
    <>
      <a class="back small" href={href("review", [sourceId])}>← {t("review.all_runs")}</a>
      <Failure error={error} again={again} />
      {value === undefined && error === undefined && <p class="quiet" aria-busy="true">{t("app.loading")}</p>}
      {value && (
        <div class="stack">
          <RunHead run={value.run}><Deeds run={value.run} source={value.source} again={again} /></RunHead>
          <State run={value.run} />
          <Reviewed run={value.run} source={value.source} />
        </div>
      )}
    </>
  );
}

function State({ run }: { run: models.Run }) {
  if (run.state === "planning") return <Notice tone="info">{t("review.planning")}</Notice>;
  if (run.state === "applying") return <Notice tone="info">{t("review.applying")}</Notice>;
  if (run.state === "discarded") return <Notice tone="still">{t("review.discarded")}</Notice>;
  if (run.state === "expired") return <Notice tone="warn">{t("review.expired")}</Notice>;
  if (run.state === "failed") return <Notice tone="bad"><strong>{t("review.failed")}</strong> <span dir="auto">{run.lastError?.message}</span></Notice>;
  if (run.state === "published" && run.generationId !== null) {
    return (
      <Notice tone="good">
        {t("review.published")} <a href={href("generations", [run.sourceId])}>{t("review.see_generations")}</a>
      </Notice>
    );
  }
  if (run.discovery === "incomplete") return <Notice tone="warn"><span dir="auto">{t("review.incomplete", { reason: run.reason ?? "" })}</span></Notice>;
  return null;
}

function Reviewed({ run, source }: { run: models.Run; source: models.Source }) {
  const since = Number(place.value.query["since"]) || undefined;
  const changes = useMemo<Changes>(() => ({
    about: `${run.id} ${run.planVersion} ${since ?? ""}`,
    list: (query) => api().runs.changes(run.sourceId, run.id, { ...query, ...(since && { since }) }),
    typeOf: async (id, signal) => (await api().generations.item(run.sourceId, id, run.baseGenerationId ?? "current", { signal })).contentType,
  }), [run.id, run.planVersion, since]);
  if (run.counts === null || !LISTED.includes(run.state)) return null;
  return (
    <>
      {since !== undefined && (
        <div class="notice info">
          <div class="grow"><strong>{t("review.since", { n: since })}</strong> {t("review.since_lead", { version: run.planVersion })}</div>
          <button type="button" class="button" onClick={() => filter({ since: undefined, item: undefined })}>{t("review.since_all")}</button>
        </div>
      )}
      {since === undefined && <Danger run={run} source={source} changes={changes} />}
      {run.erasedCount > 0 && <Notice tone="info">{t("review.erased", { n: run.erasedCount })}</Notice>}
      <ChangeBrowser changes={changes} counts={since === undefined ? run.counts : undefined} />
    </>
  );
}
