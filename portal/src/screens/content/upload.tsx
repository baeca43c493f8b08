/** A file of many items goes up to an import, which goes on by itself; here one sees it begin and end. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { number, t } from "../../messages/index.js";
import { href } from "../../routes.js";
import { announce } from "../../ui/announce.js";
import { Action } from "../../ui/button.js";
import { Notice } from "../../ui/chip.js";
import { Dialog } from "../../ui/dialog.js";
import { Failure } from "../../ui/failure.js";

/** What it takes to make an import; it makes a run. */
export const IMPORT_SCOPES = ["items:write", "runs:write"] as const;

export function UploadDialog({ source, onClose, onDone }: { source: string; onClose: () => void; onDone: () => void }) {
  const [file, setFile] = useState<File>();
  const [mode, setMode] = useState<"upsert" | "snapshot">("upsert");
  const [stage, setStage] = useState<"choose" | "sending" | "reading" | "ended">("choose");
  const [made, setMade] = useState<models.Import>();
  const [error, setError] = useState<unknown>();
  const send = async (): Promise<void> => {
    setError(undefined);
    const imports = api().imports;
    try {
      const created = await imports.create(source, { mode, format: file!.name.endsWith(".gz") ? "ndjson.gz" : "ndjson" });
      setMade(created.import);
      setStage("sending");
      await imports.upload(source, created, file!);
      setStage("reading");
      setMade(await imports.wait(source, created.import.id));
      setStage("ended");
      announce(t("upload.ended"));
      onDone();
    } catch (failure) {
      setError(failure);
      setStage("ended");
    }
  };
  const counts = made?.counts;
  return (
    <Dialog title={t("content.upload")} onClose={onClose}>
      <p class="quiet">{t("upload.lead")}</p>
      {stage === "choose" && (
        <>
          <label class="field"><span>{t("upload.file")}</span>
            <input type="file" name="file" accept=".ndjson,.jsonl,.gz" onChange={(event) => setFile(event.currentTarget.files?.[0])} />
          </label>
          <fieldset class="field choices">
            <legend>{t("upload.mode")}</legend>
            {(["upsert", "snapshot"] as const).map((each) => (
              <label class="row"><input type="radio" name="mode" checked={each === mode} onChange={() => setMode(each)} /><span class="grow">{t(`upload.${each}`)}</span></label>
            ))}
          </fieldset>
        </>
      )}
      {(stage === "sending" || stage === "reading") && <p role="status" aria-busy="true">{t(`upload.${stage}`)}</p>}
      {stage === "ended" && error === undefined && counts && (
        <Notice tone={counts.rejected > 0 ? "warn" : "good"}>
          {t("upload.counts", { created: number(counts.created), updated: number(counts.updated), unchanged: number(counts.unchanged), rejected: number(counts.rejected) })}
        </Notice>
      )}
      <Failure error={error} />
      {made && <p class="small"><a href={href("imports", [source, made.id])}>{t("upload.open")}</a> <code>{made.id}</code></p>}
      <div class="ends">
        <button type="button" class="button" onClick={onClose}>{t(stage === "choose" ? "do.cancel" : "do.close")}</button>
        {stage === "choose" && <Action kind="main" scope={IMPORT_SCOPES} blocked={file ? undefined : t("upload.no_file")} onPress={send}>{t("upload.go")}</Action>}
      </div>
    </Dialog>
  );
}
