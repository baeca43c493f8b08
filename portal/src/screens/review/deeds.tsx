/** What can be done with a run: ask it, apply it, discard it, start another, take its plan along. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { KINDS } from "../../changes/change.js";
import { t } from "../../messages/index.js";
import { filter } from "../../routes.js";
import { announce } from "../../ui/announce.js";
import { Action } from "../../ui/button.js";
import { ApplyRun } from "./apply_run.js";
import { AskRun } from "./ask_run.js";
import { DiscardRun } from "./discard_run.js";
import { StartRun } from "./start_run.js";

type Open = "apply" | "discard" | "ask" | null;

export function Deeds({ run, source, again }: { run: models.Run; source: models.Source; again: () => void }) {
  const [open, setOpen] = useState<Open>(null);
  const close = (): void => setOpen(null);
  const done = (said: string): void => {
    close();
    announce(said);
    again();
  };
  const discardable = ["planning", "ready", "failed", "expired"].includes(run.state);
  return (
    <div class="row deeds">
      {run.state === "ready" && <Action scope="search:read" icon="search" onPress={() => setOpen("ask")}>{t("review.ask")}</Action>}
      {run.state !== "planning" && run.state !== "applying" && run.state !== "published" && <StartRun sourceId={run.sourceId} kind="plain" again />}
      {discardable && <Action scope="runs:apply" kind="danger" onPress={() => setOpen("discard")}>{t("review.discard")}</Action>}
      {run.state === "ready" && (
        <Action scope="runs:apply" kind="main" icon="check" blocked={whyNot(run, source)} onPress={() => setOpen("apply")}>{t("review.apply")}</Action>
      )}
      {open === "apply" && (
        <ApplyRun
          run={run}
          source={source}
          onClose={close}
          onDone={() => done(t("review.published"))}
          onStale={(seen) => {
            close();
            filter({ since: String(seen), item: undefined, change: undefined, prefix: undefined });
            announce(t("review.since", { n: seen }));
            again();
          }}
        />
      )}
      {open === "discard" && <DiscardRun run={run} onClose={close} onDone={() => done(t("review.discarded"))} />}
      {open === "ask" && <AskRun run={run} onClose={close} />}
    </div>
  );
}

function whyNot(run: models.Run, source: models.Source): string | undefined {
  if (source.publishing === "locked") return t("review.locked", { reason: source.publishLock?.reason ?? "" });
  if (source.status !== "active") return t("error.source_inactive");
  if (!run.applyEligible) return t("review.incomplete", { reason: run.reason ?? "" });
  return KINDS.every((kind) => run.counts?.[kind] === 0) ? t("changes.none") : undefined;
}
