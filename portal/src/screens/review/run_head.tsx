/** The head of a run: what was said, who began it and when, and what it was planned against. */

import type { ComponentChildren } from "preact";
import type { models } from "../../../../clients/typescript/src/index.js";
import { number, t } from "../../messages/index.js";
import { href } from "../../routes.js";
import { Chip } from "../../ui/chip.js";
import { When } from "../../ui/when.js";
import { STATE_TONES } from "./runs.js";

export function RunHead({ run, children }: { run: models.Run; children: ComponentChildren }) {
  return (
    <header class="run-head">
      <div class="head">
        <div>
          <h1 dir="auto">{run.message ?? t("review.run_of")}</h1>
          <p dir="auto"><When at={run.createdAt} /> {run.createdBy ? t("by", { name: run.createdBy.name }) : t("by.system")}</p>
        </div>
        {children}
      </div>
      <dl class="strip">
        <div><dt>{t("review.state")}</dt><dd><Chip tone={STATE_TONES[run.state] ?? "still"}>{t(`state.${run.state}`)}</Chip></dd></div>
        <div><dt>{t("review.plan")}</dt><dd>{number(run.planVersion)}</dd></div>
        <div>
          <dt>{t("review.base")}</dt>
          <dd>{run.baseGenerationId === null ? t("review.base_none") : (
            <a class="mono" href={href("generations", [run.sourceId, run.baseGenerationId])}>{run.baseGenerationId.slice(-8)}</a>
          )}</dd>
        </div>
        {run.counts && <div><dt>{t("review.total")}</dt><dd>{number(run.counts.total)}</dd></div>}
        {run.state === "ready" && <div><dt>{t("review.expires")}</dt><dd><When at={run.expiresAt} style="ago" /></dd></div>}
        <div><dt>{t("review.id")}</dt><dd><code>{run.id}</code></dd></div>
      </dl>
    </header>
  );
}
