/** What a generation serves as one file: asked for, watched, and read by a link. */

import { useEffect, useState } from "preact/hooks";
import type { models } from "../../../clients/typescript/src/index.js";
import { api } from "../api.js";
import { bytes, number, t } from "../messages/index.js";
import { announce } from "./announce.js";
import { Action } from "./button.js";
import { Chip } from "./chip.js";
import { Dialog } from "./dialog.js";
import { Failure } from "./failure.js";
import { When } from "./when.js";

const BETWEEN_LOOKS_MS = 1000;

export function ExportDialog({ generation, onClose }: { generation: models.Generation; onClose: () => void }) {
  const { sourceId, id } = generation;
  const [shown, setShown] = useState<models.Export>();
  const [error, setError] = useState<unknown>();
  const look = (exportId: string): void => {
    setError(undefined);
    api().exports.get(sourceId, id, exportId).then(
      (seen) => (setShown(seen), seen.state === "completed" && announce(t("export.completed"))),
      setError,
    );
  };
  useEffect(() => {
    // One that somebody asked for already is as good, as long as its file is kept.
    api().exports.list(sourceId, id, { limit: 5 }).pages().next().then(
      ({ value }) => {
        const kept = (value ?? []).find((each) => each.state === "completed" || each.state === "writing");
        if (kept) look(kept.id);
      },
      setError,
    );
  }, []);
  useEffect(() => {
    if (shown?.state !== "writing") return undefined;
    const timer = setTimeout(() => look(shown.id), BETWEEN_LOOKS_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  const begin = async (): Promise<void> => {
    setError(undefined);
    await api().exports.create(sourceId, id).then(setShown, setError);
  };
  return (
    <Dialog title={t("export.title", { n: number(generation.sequence) })} onClose={onClose}>
      <p>{t("export.lead", { n: generation.counts.total })}</p>
      {shown && <Progress exported={shown} />}
      <Failure error={error} {...(shown && { again: () => look(shown.id) })} />
      <div class="ends">
        {shown?.file && <a class="button main" href={shown.file.url} download>{t("export.download", { size: bytes(shown.bytes) })}</a>}
        {shown?.state !== "writing" && <Action kind={shown?.file ? "plain" : "main"} scope={["runs:read", "items:read"]} onPress={begin}>{t(shown ? "export.again" : "export.start")}</Action>}
      </div>
    </Dialog>
  );
}

function Progress({ exported }: { exported: models.Export }) {
  const { state, itemsWritten, itemsTotal, error, createdAt, expiresAt } = exported;
  return (
    <div class="stack">
      <div class="row">
        <Chip tone={state === "completed" ? "good" : state === "failed" ? "bad" : "still"}>{t(`export.${state}`)}</Chip>
        <span class="small quiet"><When at={createdAt} /></span>
      </div>
      {state === "writing" && (
        <label class="field">
          <span>{t("export.written", { written: itemsWritten, total: itemsTotal })}</span>
          <progress max={Math.max(itemsTotal, 1)} value={itemsWritten} />
        </label>
      )}
      {error && <p class="fault" dir="auto">{error.message}</p>}
      {state === "completed" && <p class="small quiet">{t("export.until")} <When at={expiresAt} /></p>}
    </div>
  );
}
