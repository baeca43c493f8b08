/** The bad lines of an import, out of its report: the first of them here, all of them in the file. */

import { useState } from "preact/hooks";
import { ApiError, type models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { Action } from "../../ui/button.js";
import { Failure } from "../../ui/failure.js";
import { useLoaded } from "../../ui/load.js";

const SHOWN = 200;

interface Fault {
  readonly line: number;
  readonly externalItemId?: string | null;
  readonly path?: string | null;
  readonly message: string;
}

export function BadLines({ sourceId, importId, report }: {
  sourceId: string;
  importId: string;
  report: NonNullable<models.Import["report"]>;
}) {
  // A link works for minutes, and a page stays open for hours: each use asks for a new one.
  const link = async (signal?: AbortSignal): Promise<string> => (await api().imports.get(sourceId, importId, { signal })).report!.url!;
  const { value, error, again } = useLoaded(async (signal) => readFaults(await link(signal), signal), [importId]);
  const [refused, setRefused] = useState<unknown>();
  const download = async (): Promise<void> => {
    setRefused(undefined);
    await link().then(follow, setRefused);
  };
  return (
    <section class="stack" aria-label={t("imports.bad")}>
      <div class="row">
        <h2 class="grow">{t("imports.faults", { n: report.faults })}</h2>
        <Action onPress={download}>{t("imports.report")}</Action>
      </div>
      {report.faultsLeftOut > 0 && <p class="small quiet">{t("imports.left_out", { n: report.faultsLeftOut })}</p>}
      <Failure error={error ?? refused} {...(error !== undefined && { again })} />
      {value && value.length > 0 && (
        <div class="table" tabIndex={0} role="region" aria-label={t("imports.bad")}>
          <table>
            <thead><tr><th>{t("imports.line")}</th><th>{t("imports.item")}</th><th>{t("imports.where")}</th><th>{t("imports.wrong")}</th></tr></thead>
            <tbody>
              {value.map((each, index) => (
                <tr key={index}>
                  <td>{each.line}</td>
                  <td dir="auto"><code>{each.externalItemId}</code></td>
                  <td dir="auto"><code>{each.path}</code></td>
                  <td dir="auto">{each.message}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {value && value.length < report.faults && <p class="small quiet">{t("imports.first_shown", { n: value.length })}</p>}
    </section>
  );
}

function follow(url: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = "";
  link.click();
}

/** Read no more of the report than is shown. */
async function readFaults(url: string, signal: AbortSignal): Promise<Fault[]> {
  const answer = await fetch(url, { signal });
  if (!answer.ok) throw new ApiError("the link to the report has expired", { code: "no_answer", doing: "GET", status: answer.status });
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  let lines: string[] = [];
  for (;;) {
    const { value, done } = await reader.read();
    text += value ?? "";
    lines = text.split("\n");
    if (done) break;
    if (lines.length > SHOWN) {
      await reader.cancel();
      break;
    }
  }
  return lines.filter((line) => line !== "").slice(0, SHOWN).map((line) => JSON.parse(line) as Fault);
}
