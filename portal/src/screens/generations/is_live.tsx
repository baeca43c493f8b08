/** Is it live? An item's id is pasted, and told is what is served of it, and since which generation. */

import { useState } from "preact/hooks";
import { ApiError, type models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { Rendered } from "../../changes/rendered.js";
import { number, t } from "../../messages/index.js";
import { href } from "../../routes.js";
import { announce } from "../../ui/announce.js";
import { Action } from "../../ui/button.js";
import { Chip } from "../../ui/chip.js";
import { Failure } from "../../ui/failure.js";
import { When } from "../../ui/when.js";

/** So many generations are looked at for the first that served an item as it is. */
const LOOKED_AT = 12;

interface Answer {
  readonly id: string;
  /** Null when nothing of it is served. */
  readonly item: models.GenerationItem | null;
  readonly since?: models.Generation | undefined;
  /** Whether an older generation may have served the same. */
  readonly earlier?: boolean;
}

export function IsLive({ sourceId }: { sourceId: string }) {
  const [id, setId] = useState("");
  const [answer, setAnswer] = useState<Answer>();
  const [error, setError] = useState<unknown>();
  const ask = async (): Promise<void> => {
    if (id.trim() === "") return;
    setError(undefined);
    setAnswer(undefined);
    try {
      const found = await lookUp(sourceId, id.trim());
      setAnswer(found);
      announce(t(found.item === null ? "live.no" : "live.yes"));
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <section class="card stack" aria-labelledby="is-live">
      <form class="row" onSubmit={(event) => (event.preventDefault(), void ask())}>
        <h2 id="is-live">{t("live.title")}</h2>
        <input class="grow" dir="auto" maxLength={512} aria-label={t("live.id")} placeholder={t("live.id")} value={id} onInput={(event) => setId(event.currentTarget.value)} />
        <Action scope={["runs:read", "items:read"]} icon="search" onPress={ask}>{t("live.ask")}</Action>
      </form>
      <Failure error={error} />
      {answer && <Shown answer={answer} sourceId={sourceId} />}
    </section>
  );
}

function Shown({ answer: { id, item, since, earlier }, sourceId }: { answer: Answer; sourceId: string }) {
  if (item === null) {
    return (
      <div class="row">
        <Chip tone="warn">{t("live.no")}</Chip>
        <span class="grow" dir="auto">{t("live.no_lead", { id })}</span>
        <a href={href("content", [sourceId, id])}>{t("live.staged")}</a>
      </div>
    );
  }
  return (
    <>
      <div class="row">
        <Chip tone="good">{t("live.yes")}</Chip>
        <strong class="grow" dir="auto">{item.title}</strong>
        {since && (
          <span class="small quiet">
            {t(earlier ? "live.since_at_least" : "live.since", { n: number(since.sequence) })} · <When at={since.publishedAt} />
          </span>
        )}
      </div>
      {item.removedAt !== null && <p class="small">{t("live.leaving")} <When at={item.removedAt} /></p>}
      {item.content !== undefined && <Rendered content={item.content} contentType={item.contentType ?? "text/plain"} />}
      {item.contentUrl !== undefined && <a href={item.contentUrl}>{t("live.large")}</a>}
    </>
  );
}

async function lookUp(sourceId: string, id: string): Promise<Answer> {
  const item = await servedBy(sourceId, id, "current");
  if (item === null) return { id, item };
  const first = await api().generations.list(sourceId, { limit: 50 }).pages().next();
  const kept = (first.done ? [] : first.value).filter((each) => each.retiredAt === null && each.origin !== "compaction");
  let since: models.Generation | undefined;
  for (const generation of kept.slice(0, LOOKED_AT)) {
    const then = await servedBy(sourceId, id, generation.id);
    if (then?.contentHash !== item.contentHash) return { id, item, since, earlier: false };
    since = generation;
  }
  // What was before the oldest that is kept, nobody knows; before the first of all there was nothing.
  return { id, item, since, earlier: since?.baseGenerationId != null };
}

async function servedBy(sourceId: string, id: string, generationId: string): Promise<models.GenerationItem | null> {
  try {
    return await api().generations.item(sourceId, id, generationId);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}
