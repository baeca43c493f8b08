/** What is served, as one file that an import takes back. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { bytes, t } from "../../messages/index.js";
import { announce } from "../../ui/announce.js";
import { Action } from "../../ui/button.js";
import { Notice } from "../../ui/chip.js";
import { Dialog } from "../../ui/dialog.js";
import { Failure } from "../../ui/failure.js";
import { moment } from "../../ui/when.js";

export function ExportDialog({ source, onClose }: { source: string; onClose: () => void }) {
  const [made, setMade] = useState<models.Export>();
  const [error, setError] = useState<unknown>();
  const start = async (): Promise<void> => {
    setError(undefined);
    try {
      const generation = await api().generations.get(source);
      const begun = await api().exports.create(source, generation.id);
      setMade(begun);
      setMade(await api().exports.wait(source, generation.id, begun.id));
      announce(t("content.export_ready"));
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <Dialog title={t("content.export")} onClose={onClose}>
      <p class="quiet">{t("content.export_lead")}</p>
      <Failure error={error} />
      {made && !made.file && error === undefined && <p role="status" aria-busy="true">{t("content.export_writing", { n: made.itemsTotal })}</p>}
      {made?.file && (
        <Notice tone="good">
          <p><a href={made.file.url} rel="noopener noreferrer" download>{t("content.export_get", { size: bytes(made.bytes) })}</a></p>
          <p class="small">{t("content.export_until", { time: moment(made.file.expiresAt) })}</p>
        </Notice>
      )}
      <div class="ends">
        <button type="button" class="button" onClick={onClose}>{t("do.close")}</button>
        {!made && <Action kind="main" scope={["runs:read", "items:read"]} onPress={start}>{t("content.export_go")}</Action>}
      </div>
    </Dialog>
  );
}
