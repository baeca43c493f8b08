/** The quickstart of an empty tenant: source, key, item, published. Each step is watched, not believed. */

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { pushLine } from "../../push_line.js";
import { announce } from "../../ui/announce.js";
import { Action, CopyButton } from "../../ui/button.js";
import { Chip, Notice } from "../../ui/chip.js";
import { Failure } from "../../ui/failure.js";
import { Icon } from "../../ui/icon.js";
import { first } from "./overview.js";

const KEY_DAYS = 90;
const LOOK_MS = 1500;

export function Quickstart({ onBegin, onDone }: { onBegin: () => void; onDone: () => void }) {
  const [name, setName] = useState(t("start.source_default"));
  const [source, setSource] = useState<models.Source>();
  const [secret, setSecret] = useState<string>();
  const [item, setItem] = useState<models.Item>();
  const [run, setRun] = useState<models.Run>();
  const [live, setLive] = useState(false);
  const [error, setError] = useState<unknown>();
  const doing = (work: () => Promise<void>) => async (): Promise<void> => {
    setError(undefined);
    await work().catch(setError);
  };
  useFirstItem(item === undefined && secret !== undefined ? source?.id : undefined, setItem, setError);

  const makeSource = doing(async () => {
    onBegin();
    setSource(await api().sources.create({ name }));
  });
  const makeKey = doing(async () => {
    const expiresAt = new Date(Date.now() + KEY_DAYS * 86_400_000).toISOString();
    const wanted = { name: t("start.key_name", { name }).slice(0, 100), sourceIds: [source!.id], expiresAt };
    const made = await api().keys.create({ ...wanted, scopes: ["sources:read", "items:read", "items:write", "runs:read", "runs:write", "runs:apply"] });
    setSecret(made.secret);
  });
  const start = doing(async () => setRun(await api().runs.start(source!.id)));
  const apply = doing(async () => {
    await api().runs.apply(source!.id, run!.id, { planVersion: run!.planVersion });
    setLive(true);
    announce(t("start.done"));
  });
  const line = source && secret ? pushLine(source.id, secret) : "";
  const at = live ? 4 : item ? 3 : secret ? 2 : source ? 1 : 0;
  return (
    <>
      <header class="head"><div><h1>{t("start.title")}</h1><p>{t("start.lead")}</p></div></header>
      <Failure error={error} />
      <ol class="steps">
        <Step n={0} at={at} title={t("start.source")} lead={t("start.source_lead")}>
          <div class="row">
            <label class="field grow"><span>{t("start.source_name")}</span>
              <input name="source" value={name} maxLength={200} onInput={(event) => setName(event.currentTarget.value)} dir="auto" />
            </label>
            <Action kind="main" scope="sources:write" onPress={makeSource}>{t("start.source_go")}</Action>
          </div>
        </Step>
        <Step n={1} at={at} title={t("start.key")} lead={t("start.key_lead")}>
          <Action kind="main" scope="keys:manage" onPress={makeKey}>{t("start.key_go")}</Action>
        </Step>
        <Step n={2} at={at} title={t("start.push")} lead={t("start.push_lead")}>
          <Notice tone="info">{t("start.key_once")}</Notice>
          <pre tabIndex={0} id="push-line">{line}</pre>
          <div class="row"><CopyButton text={line} /><Chip tone="still">{t("start.push_wait")}</Chip></div>
        </Step>
        <Step n={3} at={at} title={t("start.run")} lead={t("start.run_lead")}>
          {item && <p dir="auto"><Chip tone="good">{t("start.push_done", { id: item.externalItemId })}</Chip></p>}
          {run?.counts && <p>{t("start.run_found", { n: run.counts.added + run.counts.updated })}</p>}
          {run === undefined
            ? <Action kind="main" scope="runs:write" onPress={start}>{t("start.run_go")}</Action>
            : <Action kind="main" scope="runs:apply" onPress={apply}>{t("start.apply_go")}</Action>}
        </Step>
      </ol>
      {live && (
        <div class="stack">
          <Notice tone="good"><strong>{t("start.done")}</strong></Notice>
          <p><button type="button" class="button main" onClick={onDone}>{t("home.title")}</button></p>
        </div>
      )}
    </>
  );
}

function Step({ n, at, title, lead, children }: { n: number; at: number; title: string; lead: string; children: ComponentChildren }) {
  const how = n < at ? "done" : n === at ? "now" : "later";
  return (
    <li class={`card step ${how}`} aria-current={how === "now" ? "step" : undefined}>
      <span class="step-mark">{how === "done" ? <Icon name="check" /> : n + 1}</span>
      <div class="stack">
        <h2>{title}</h2>
        {how !== "done" && <p class="quiet">{lead}</p>}
        {how === "now" && children}
      </div>
    </li>
  );
}

/** Look for the first item of a source until there is one. */
function useFirstItem(source: string | undefined, onItem: (item: models.Item) => void, onError: (error: unknown) => void): void {
  useEffect(() => {
    if (source === undefined) return undefined;
    const controller = new AbortController();
    const look = async (): Promise<void> => {
      const found = await first(api().items.list(source, { limit: 1, signal: controller.signal }));
      if (controller.signal.aborted) return;
      if (found !== null) return onItem(found);
      setTimeout(() => void look().catch(onError), LOOK_MS);
    };
    look().catch((error) => controller.signal.aborted || onError(error));
    return () => controller.abort(new Error("no longer wanted"));
  }, [source]);
}
