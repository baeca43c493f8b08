/** The generations of a source, the newest first: what each changed, who published it and why. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { Counts } from "../../changes/counts.js";
import { number, t } from "../../messages/index.js";
import { href } from "../../routes.js";
import { Action } from "../../ui/button.js";
import { Chip, Notice } from "../../ui/chip.js";
import { ExportDialog } from "../../ui/export_dialog.js";
import { Failure } from "../../ui/failure.js";
import { useLoaded } from "../../ui/load.js";
import { More } from "../../ui/more.js";
import { usePages } from "../../ui/pages.js";
import { When } from "../../ui/when.js";
import { IsLive } from "./is_live.js";
import { has, type Step, stepsOf, told } from "./told.js";

const PAGE = 50;

export function Timeline({ sourceId }: { sourceId: string }) {
  const source = useLoaded((signal) => api().sources.get(sourceId, { signal }), [sourceId]);
  const pages = usePages((signal) => api().generations.list(sourceId, { limit: PAGE, signal }), [sourceId]);
  const { entries, complete, loading, error, again } = pages;
  const steps = stepsOf(entries);
  const live = source.value?.generationId ?? null;
  const [newest, before] = steps;
  return (
    <>
      <header class="head">
        <div>
          <h1>{t("generations.title")}</h1>
          <p>{t("generations.lead")}</p>
        </div>
        {newest && before && (
          <a class="button" href={href("generations", [sourceId, newest.generation.id], { from: before.generation.id })}>{t("generations.compare_two")}</a>
        )}
      </header>
      <div class="stack">
        {source.value?.publishing === "locked" && (
          <Notice tone="warn"><span dir="auto">{t("review.locked", { reason: source.value.publishLock?.reason ?? "" })}</span></Notice>
        )}
        {live !== null && <IsLive sourceId={sourceId} />}
        <Failure error={error ?? source.error} again={() => (source.again(), again())} />
        {steps.length > 0 && (
          <ol class="timeline">
            {steps.map((step) => <Entry key={step.generation.id} step={step} live={live} />)}
          </ol>
        )}
        {steps.length === 0 && loading && <p class="quiet" aria-busy="true">{t("app.loading")}</p>}
        {steps.length === 0 && complete && error === undefined && (
          <div class="card empty">
            <h2>{t("generations.none")}</h2>
            <p class="quiet">{t("generations.none_lead")}</p>
            <a class="button main" href={href("review", [sourceId])}>{t("nav.review")}</a>
          </div>
        )}
        <More pages={pages} page={PAGE} />
      </div>
    </>
  );
}

function Entry({ step, live }: { step: Step; live: string | null }) {
  const { generation, tidied } = step;
  const isLive = has(step, live);
  return (
    <li class={isLive ? "live" : ""}>
      <article class="card stack" aria-labelledby={generation.id}>
        <header class="row">
          <span class="sequence" aria-hidden="true">{number(generation.sequence)}</span>
          <div class="grow">
            <h2 id={generation.id} dir="auto">{told(generation)}</h2>
            <p class="small quiet" dir="auto">
              {t("generations.sequence", { n: number(generation.sequence) })} · <When at={generation.publishedAt} />{" "}
              {generation.createdBy ? t("by", { name: generation.createdBy.name }) : t("by.system")}
            </p>
          </div>
          {isLive && <Chip tone="good">{t("home.live")}</Chip>}
          {generation.origin !== "run" && <Chip tone="info" icon="refresh">{t(`origin.${generation.origin}`)}</Chip>}
          {generation.retiredAt !== null && <Chip tone="still">{t("generations.retired")}</Chip>}
        </header>
        <div class="row">
          <Counts counts={generation.counts} />
          <span class="small quiet grow">
            {t("generations.total", { n: generation.counts.total })} · <code title={t("generations.root")}>{generation.rootHash.slice(0, 8)}</code>
          </span>
          {generation.retiredAt === null && <Deeds generation={generation} live={live} isLive={isLive} />}
        </div>
        {tidied.length > 0 && (
          <details class="small quiet">
            <summary>{t("generations.tidied", { n: tidied.length })}</summary>
            <ul>{tidied.map((each) => <li key={each.id}>{t("generations.sequence", { n: number(each.sequence) })} · <When at={each.publishedAt} /></li>)}</ul>
          </details>
        )}
      </article>
    </li>
  );
}

function Deeds({ generation, live, isLive }: { generation: models.Generation; live: string | null; isLive: boolean }) {
  const [exporting, setExporting] = useState(false);
  const { sourceId, id, baseGenerationId: base } = generation;
  return (
    <div class="row">
      {base !== null && <a class="button" href={href("generations", [sourceId, id], { from: base })}>{t("generations.compare")}</a>}
      <Action scope={["runs:read", "items:read"]} onPress={() => setExporting(true)}>{t("generations.export")}</Action>
      {!isLive && live !== null && <a class="button" href={href("generations", [sourceId, id], { from: live, restore: "1" })}>{t("generations.restore")}</a>}
      {exporting && <ExportDialog generation={generation} onClose={() => setExporting(false)} />}
    </div>
  );
}
