/** Asks a run: what it would find for a question, beside what is found live. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { announce } from "../../ui/announce.js";
import { Action } from "../../ui/button.js";
import { Chip } from "../../ui/chip.js";
import { Dialog } from "../../ui/dialog.js";
import { Failure } from "../../ui/failure.js";
import { Marked } from "../../ui/marked.js";

const SHOWN = 5;

interface Found {
  readonly run: readonly models.SearchResult[];
  readonly live: readonly models.SearchResult[];
}

export function AskRun({ run, onClose }: { run: models.Run; onClose: () => void }) {
  const [query, setQuery] = useState("");
  const [found, setFound] = useState<Found>();
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState<unknown>();
  const ask = async (): Promise<void> => {
    if (query.trim() === "") return;
    setError(undefined);
    setAsking(true);
    try {
      const wanted = { query, sourceIds: [run.sourceId], limit: SHOWN };
      const [would, does] = await Promise.all([api().search({ ...wanted, runId: run.id }), api().search(wanted)]);
      setFound({ run: would.results, live: does.results });
      announce(t("ask.found", { run: would.results.length, live: does.results.length }));
    } catch (failure) {
      setError(failure);
    } finally {
      setAsking(false);
    }
  };
  return (
    <Dialog title={t("ask.title")} onClose={onClose} side>
      <p class="quiet">{t("ask.lead")}</p>
      <form class="row ask-form" onSubmit={(event) => (event.preventDefault(), void ask())}>
        <input
          class="grow"
          dir="auto"
          maxLength={1000}
          aria-label={t("ask.question")}
          placeholder={t("ask.placeholder")}
          value={query}
          onInput={(event) => setQuery(event.currentTarget.value)}
        />
        <Action kind="main" icon="search" scope="search:read" onPress={ask}>{t("ask.go")}</Action>
      </form>
      <Failure error={error} />
      {asking && <p class="quiet" aria-busy="true">{t("ask.asking")}</p>}
      {found && (
        <div class="both">
          <Results title={t("ask.run")} results={found.run} others={found.live} only={t("ask.only_run")} tone="info" />
          <Results title={t("ask.live")} results={found.live} others={found.run} only={t("ask.only_live")} tone="warn" />
        </div>
      )}
    </Dialog>
  );
}

function Results({ title, results, others, only, tone }: {
  title: string;
  results: readonly models.SearchResult[];
  others: readonly models.SearchResult[];
  only: string;
  tone: "info" | "warn";
}) {
  const same = (one: models.SearchResult): boolean =>
    others.some((other) => other.externalItemId === one.externalItemId && other.snippet === one.snippet && other.title === one.title);
  return (
    <section class="stack answers" aria-label={title}>
      <h3>{title}</h3>
      {results.length === 0 && <p class="quiet">{t("ask.nothing")}</p>}
      <ol>
        {results.map((each) => (
          <li key={each.externalItemId}>
            {!same(each) && <Chip tone={tone}>{only}</Chip>}
            <strong dir="auto"><Marked text={each.title} places={each.highlights.title} /></strong>
            <p class="small" dir="auto"><Marked text={each.snippet} places={each.highlights.snippet} /></p>
            <code class="quiet" dir="auto">{each.externalItemId}</code>
          </li>
        ))}
      </ol>
    </section>
  );
}
