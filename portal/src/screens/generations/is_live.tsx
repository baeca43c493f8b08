/**
 * Is it live? An item's id is pasted, and told is what is served of it, and since which generation. What is no id is looked
 * for in what is live.
 */

import { useState } from "preact/hooks";
import { ApiError, type models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { ICONS, TONES } from "../../changes/change.js";
import { number, t } from "../../messages/index.js";
import { href } from "../../routes.js";
import { scopes } from "../../session.js";
import { announce } from "../../ui/announce.js";
import { Action } from "../../ui/button.js";
import { Chip } from "../../ui/chip.js";
import { Failure } from "../../ui/failure.js";
import { Rendered } from "../../ui/rendered.js";
import { When } from "../../ui/when.js";

/** So many of what last changed it are told. */
const TOLD = 5;
const FOUND = 5;

interface Answer {
  readonly id: string;
  /** Null when nothing of it is served. */
  readonly item: models.GenerationItem | null;
  readonly history: readonly models.HistoryEntry[];
  /** What is live with these words, where nothing has the id. */
  readonly found: readonly models.SearchResult[];
}

export function IsLive({ sourceId }: { sourceId: string }) {
  const [id, setId] = useState("");
  const [answer, setAnswer] = useState<Answer>();
  const [error, setError] = useState<unknown>();
  const ask = async (asked = id.trim()): Promise<void> => {
    if (asked === "") return;
    setError(undefined);
    setAnswer(undefined);
    try {
      const found = await lookUp(sourceId, asked);
      setAnswer(found);
      announce(t(found.item === null ? "live.no" : "live.yes"));
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <section class="card stack" aria-labelledby="is-live">
      <form class="row live-form" onSubmit={(event) => (event.preventDefault(), void ask())}>
        <h2 id="is-live">{t("live.title")}</h2>
        <input class="grow" dir="auto" maxLength={512} aria-label={t("live.id")} placeholder={t("live.id")} value={id} onInput={(event) => setId(event.currentTarget.value)} />
        <Action scope={["runs:read", "items:read"]} icon="search" onPress={() => ask()}>{t("live.ask")}</Action>
      </form>
      <Failure error={error} />
      {answer && <Shown answer={answer} sourceId={sourceId} onPick={(next) => (setId(next), ask(next))} />}
    </section>
  );
}

function Shown({ answer: { id, item, history, found }, sourceId, onPick }: { answer: Answer; sourceId: string; onPick: (id: string) => unknown }) {
  const last = history[0]?.generation;
  return (
    <>
      <div class="row">
        <Chip tone={item === null ? "warn" : "good"}>{t(item === null ? "live.no" : "live.yes")}</Chip>
        <strong class="grow" dir="auto">{item === null ? t("live.no_lead", { id }) : item.title}</strong>
        {last && <span class="small quiet">{t("live.since", { n: number(last.sequence) })} · <When at={last.publishedAt} /></span>}
        {found.length === 0 && <a href={href("content", [sourceId, id])}>{t("live.staged")}</a>}
      </div>
      {item && item.removedAt !== null && <p class="small">{t("live.leaving")} <When at={item.removedAt} /></p>}
      {item?.content !== undefined && <div class="paper"><Rendered content={item.content} kind={item.contentType} /></div>}
      {item?.contentUrl !== undefined && <a href={item.contentUrl}>{t("live.large")}</a>}
      {found.length > 0 && <Found results={found} onPick={onPick} />}
      {history.length > 0 && <History sourceId={sourceId} id={id} entries={history} />}
    </>
  );
}

function Found({ results, onPick }: { results: readonly models.SearchResult[]; onPick: (id: string) => unknown }) {
  return (
    <div class="stack">
      <p>{t("live.found")}</p>
      <ul class="history">
        {results.map(({ externalItemId, title }) => (
          <li class="row small" key={externalItemId}>
            <Action onPress={() => onPick(externalItemId)}>{title}</Action> <code class="quiet told" dir="auto">{externalItemId}</code>
          </li>
        ))}
      </ul>
    </div>
  );
}

function History({ sourceId, id, entries }: { sourceId: string; id: string; entries: readonly models.HistoryEntry[] }) {
  return (
    <ol class="history" aria-label={t("live.history")}>
      {entries.map(({ generation, change }) => (
        <li class="row small" key={generation.id}>
          <Chip tone={TONES[change]} icon={ICONS[change]}>{t(`change.${change}`)}</Chip>
          <a href={href("generations", [sourceId, generation.id], { item: id, prefix: id })}>{t("generations.sequence", { n: number(generation.sequence) })}</a>
          <span class="quiet"><When at={generation.publishedAt} /> {generation.createdBy ? t("by", { name: generation.createdBy.name }) : t("by.system")}</span>
          {generation.message && <span class="grow" dir="auto">{generation.message}</span>}
        </li>
      ))}
    </ol>
  );
}

async function lookUp(sourceId: string, id: string): Promise<Answer> {
  const [item, history] = await Promise.all([servedNow(sourceId, id), lastChanges(sourceId, id)]);
  return { id, item, history, found: item === null && history.length === 0 ? await foundBy(sourceId, id) : [] };
}

async function foundBy(sourceId: string, query: string): Promise<readonly models.SearchResult[]> {
  if (!scopes.value.has("search:read")) return [];
  return (await api().search({ query, sourceIds: [sourceId], limit: FOUND })).results;
}

async function lastChanges(sourceId: string, id: string): Promise<models.HistoryEntry[]> {
  const found: models.HistoryEntry[] = [];
  for await (const entry of api().items.history(sourceId, id, { limit: TOLD })) {
    found.push(entry);
    if (found.length === TOLD) break;
  }
  return found;
}

async function servedNow(sourceId: string, id: string): Promise<models.GenerationItem | null> {
  try {
    return await api().generations.item(sourceId, id);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}
