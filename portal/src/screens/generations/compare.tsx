/** What separates two generations; with `restore` in the address, what a restore of the second would change. */

import { useMemo } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import type { Changes } from "../../changes/change.js";
import { ChangeBrowser } from "../../changes/change_browser.js";
import { number, t } from "../../messages/index.js";
import { go, href, place } from "../../routes.js";
import { Failure } from "../../ui/failure.js";
import { useLoaded } from "../../ui/load.js";
import { Restore } from "./restore.js";
import { named, told } from "./told.js";

/** So many of the newest can be chosen from. */
const CHOICE = 100;

export function Compare({ sourceId, generationId }: { sourceId: string; generationId: string }) {
  const { from: given, restore } = place.value.query;
  const { value, error, again } = useLoaded(async (signal) => readBoth(sourceId, generationId, signal), [sourceId, generationId]);
  const from = given ?? value?.shown.baseGenerationId ?? undefined;
  const changes = useMemo<Changes | null>(() => from === undefined ? null : {
    about: `${from} ${generationId}`,
    list: (query) => api().generations.changes(sourceId, generationId, { from, ...query }),
    typeOf: async (id, signal) => (await api().generations.item(sourceId, id, generationId, { signal })).contentType,
  }, [sourceId, from, generationId]);
  const sequence = value ? number(value.shown.sequence) : "";
  return (
    <>
      <a class="back small" href={href("generations", [sourceId])}>← {t("generations.all")}</a>
      <header class="head">
        <div>
          <h1>{restore ? t("restore.title", { n: sequence }) : t("compare.title")}</h1>
          <p dir="auto">{restore && value ? t("restore.lead", { message: told(value.shown) }) : t("compare.lead")}</p>
        </div>
        {restore && value && <Restore generation={value.shown} source={value.source} />}
      </header>
      <div class="stack">
        <Failure error={error} again={again} />
        {value && !restore && <Choice sourceId={sourceId} from={from} to={generationId} generations={value.generations} />}
        {value && changes === null && <p class="card quiet">{t("compare.first")}</p>}
        {changes && <ChangeBrowser changes={changes} />}
      </div>
    </>
  );
}

interface Both {
  readonly source: models.Source;
  readonly shown: models.Generation;
  readonly generations: readonly models.Generation[];
}

async function readBoth(sourceId: string, generationId: string, signal: AbortSignal): Promise<Both> {
  const [source, shown, first] = await Promise.all([
    api().sources.get(sourceId, { signal }),
    api().generations.get(sourceId, generationId, { signal }),
    api().generations.list(sourceId, { limit: CHOICE, signal }).pages().next(),
  ]);
  return { source, shown, generations: first.done ? [] : first.value.filter((each) => each.retiredAt === null) };
}

function Choice({ sourceId, from, to, generations }: {
  sourceId: string;
  from: string | undefined;
  to: string;
  generations: readonly models.Generation[];
}) {
  const choose = (next: { from?: string | undefined; to?: string }): void =>
    go(href("generations", [sourceId, next.to ?? to], { from: next.from ?? from }), true);
  return (
    <div class="card choice">
      <Pick label={t("compare.from")} value={from} generations={generations} onPick={(id) => choose({ from: id })} />
      <span class="quiet" aria-hidden="true">→</span>
      <Pick label={t("compare.to")} value={to} generations={generations} onPick={(id) => choose({ to: id })} />
      {from !== undefined && (
        <button type="button" class="button" onClick={() => go(href("generations", [sourceId, from], { from: to }), true)}>{t("compare.turn")}</button>
      )}
    </div>
  );
}

function Pick({ label, value, generations, onPick }: {
  label: string;
  value: string | undefined;
  generations: readonly models.Generation[];
  onPick: (id: string) => void;
}) {
  return (
    <label class="field grow">
      <span>{label}</span>
      <select value={value} onChange={(event) => onPick(event.currentTarget.value)}>
        {generations.every((each) => each.id !== value) && <option value={value}>{value}</option>}
        {generations.map((each) => <option key={each.id} value={each.id}>{named(each)}</option>)}
      </select>
    </label>
  );
}
