/** The imports of a source, the newest first. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { filter, href, place } from "../../routes.js";
import { Action } from "../../ui/button.js";
import { Chip } from "../../ui/chip.js";
import { Failure } from "../../ui/failure.js";
import { More } from "../../ui/more.js";
import { usePages } from "../../ui/pages.js";
import { When } from "../../ui/when.js";
import { IMPORT_SCOPES, UploadDialog } from "../content/upload.js";
import { STATES, TONES } from "./states.js";

const PAGE = 50;

export function ImportList({ sourceId }: { sourceId: string }) {
  const [uploading, setUploading] = useState(false);
  const state = STATES.find((each) => each === place.value.query["state"]);
  const pages = usePages((signal) => api().imports.list(sourceId, { limit: PAGE, signal, ...(state && { state }) }), [sourceId, state]);
  const { entries, complete, loading, error, again } = pages;
  return (
    <>
      <header class="head">
        <div><h1>{t("imports.title")}</h1><p>{t("imports.lead")}</p></div>
        <Action kind="main" icon="imports" scope={IMPORT_SCOPES} onPress={() => setUploading(true)}>{t("imports.new")}</Action>
      </header>
      <div class="stack">
        <div class="row">
          <label class="field">
            <span>{t("imports.state")}</span>
            <select value={state ?? ""} onChange={(event) => filter({ state: event.currentTarget.value })}>
              <option value="">{t("imports.any")}</option>
              {STATES.map((each) => <option key={each} value={each}>{t(`state.${each}`)}</option>)}
            </select>
          </label>
        </div>
        <Failure error={error} again={again} />
        {entries.length > 0 && <ul class="lines">{entries.map((each) => <Line key={each.id} shown={each} />)}</ul>}
        {entries.length === 0 && loading && <p class="quiet" aria-busy="true">{t("app.loading")}</p>}
        {entries.length === 0 && complete && error === undefined && (
          <div class="card empty"><h2>{t(state ? "imports.none_such" : "imports.none")}</h2><p class="quiet">{t("imports.none_lead")}</p></div>
        )}
        <More pages={pages} page={PAGE} />
      </div>
      {uploading && <UploadDialog source={sourceId} onClose={() => setUploading(false)} onDone={again} />}
    </>
  );
}

function Line({ shown: { id, sourceId, message, createdAt, createdBy, counts, state } }: { shown: models.Import }) {
  return (
    <li class="line">
      <a class="grow" href={href("imports", [sourceId, id])}>
        <strong dir="auto">{message ?? id}</strong>
        <span class="small quiet" dir="auto"><When at={createdAt} /> {createdBy ? t("by", { name: createdBy.name }) : t("by.system")}</span>
      </a>
      {counts.rejected > 0 && <span class="small">{t("home.rejected", { n: counts.rejected })}</span>}
      <Chip tone={TONES[state] ?? "still"}>{t(`state.${state}`)}</Chip>
    </li>
  );
}
