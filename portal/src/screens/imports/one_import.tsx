/** One import: how far it is, what came of it, which lines were bad, and a corrected file after it. */

import { useEffect, useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { bytes, number, t } from "../../messages/index.js";
import { href } from "../../routes.js";
import { announce } from "../../ui/announce.js";
import { Action } from "../../ui/button.js";
import { Chip, Notice } from "../../ui/chip.js";
import { Dialog } from "../../ui/dialog.js";
import { Failure } from "../../ui/failure.js";
import { useLoaded } from "../../ui/load.js";
import { useLooks } from "../../ui/looks.js";
import { When } from "../../ui/when.js";
import { IMPORT_SCOPES, UploadDialog } from "../content/upload.js";
import { BadLines } from "./bad_lines.js";
import { TONES, UNDER_WAY } from "./states.js";

const COUNTS = ["created", "updated", "unchanged", "removed", "stale", "rejected"] as const;

export function OneImport({ sourceId, importId }: { sourceId: string; importId: string }) {
  const { value, error, again } = useLoaded((signal) => api().imports.get(sourceId, importId, { signal }), [sourceId, importId]);
  const [open, setOpen] = useState<"cancel" | "upload">();
  useLooks(value, again, value !== undefined && UNDER_WAY.has(value.state));
  const state = value?.state;
  useEffect(() => {
    if (state !== undefined) announce(t(`state.${state}`));
  }, [state]);
  const close = (): void => setOpen(undefined);
  return (
    <>
      <a class="back small" href={href("imports", [sourceId])}>← {t("imports.all")}</a>
      <header class="head">
        <div><h1 dir="auto">{value?.message ?? t("imports.one")}</h1><p><code>{importId}</code></p></div>
        {value && UNDER_WAY.has(value.state) && <Action kind="danger" scope="items:write" onPress={() => setOpen("cancel")}>{t("imports.cancel")}</Action>}
        {value && !UNDER_WAY.has(value.state) && <Action icon="imports" scope={IMPORT_SCOPES} onPress={() => setOpen("upload")}>{t("imports.corrected")}</Action>}
      </header>
      <div class="stack">
        <Failure error={error} again={again} />
        {value && <Facts shown={value} />}
        {value?.error && <Notice tone="bad"><strong>{t("imports.failed")}</strong> <code>{value.error.code}</code> <span dir="auto">{value.error.message}</span></Notice>}
        {value?.removalsSkipped && <Notice tone="warn">{t("imports.removals_skipped")}</Notice>}
        {value?.report?.url && <BadLines sourceId={sourceId} importId={importId} report={value.report} />}
      </div>
      {open === "cancel" && value && <Cancel shown={value} onClose={close} onDone={() => (close(), again())} />}
      {open === "upload" && <UploadDialog source={sourceId} onClose={close} onDone={() => undefined} />}
    </>
  );
}

function Facts({ shown }: { shown: models.Import }) {
  const { state, mode, apply, linesRead, bytesRead, bytesTotal, counts, createdAt, createdBy, endedAt, runId, generationId, sourceId } = shown;
  const read = bytesTotal ? t("imports.read_of", { read: bytes(bytesRead), total: bytes(bytesTotal) }) : bytes(bytesRead);
  return (
    <section class="card stack" aria-label={t("imports.progress")}>
      <div class="row">
        <Chip tone={TONES[state] ?? "still"}>{t(`state.${state}`)}</Chip>
        <span>{t("imports.lines", { n: linesRead })} · {read}</span>
      </div>
      {UNDER_WAY.has(state) && state !== "awaiting_upload" && (
        <progress aria-label={t("imports.progress")} {...(bytesTotal ? { max: bytesTotal, value: bytesRead } : {})} />
      )}
      <dl class="facts">
        <dt>{t("imports.mode")}</dt>
        <dd>{t(mode === "snapshot" ? "imports.snapshot" : "imports.upsert")}{apply && <> · {t("imports.applies")}</>}</dd>
        <dt>{t("imports.begun")}</dt>
        <dd dir="auto"><When at={createdAt} /> {createdBy ? t("by", { name: createdBy.name }) : t("by.system")}</dd>
        {endedAt && <><dt>{t("imports.ended")}</dt><dd><When at={endedAt} /></dd></>}
        {COUNTS.map((each) => <><dt>{t(`imports.count.${each}`)}</dt><dd>{number(counts[each])}</dd></>)}
      </dl>
      {runId && (
        <div class="row">
          <a href={href("review", [sourceId, runId])}>{t("imports.run")}</a>
          {generationId && <a href={href("generations", [sourceId, generationId])}>{t("imports.generation")}</a>}
        </div>
      )}
    </section>
  );
}

function Cancel({ shown, onClose, onDone }: { shown: models.Import; onClose: () => void; onDone: () => void }) {
  const [error, setError] = useState<unknown>();
  const cancel = async (): Promise<void> => {
    setError(undefined);
    await api().imports.cancel(shown.sourceId, shown.id).then(onDone, setError);
  };
  return (
    <Dialog title={t("imports.cancel_title")} onClose={onClose}>
      <p>{t("imports.cancel_lead")}</p>
      <Failure error={error} />
      <div class="ends">
        <button type="button" class="button" onClick={onClose}>{t("do.close")}</button>
        <Action kind="danger" scope="items:write" onPress={cancel}>{t("imports.cancel")}</Action>
      </div>
    </Dialog>
  );
}
