/** Changes to read through: filters above, the list at the left, one change at the right. What is open stands in the address. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { number, t } from "../messages/index.js";
import { filter, place } from "../routes.js";
import { Failure } from "../ui/failure.js";
import { Icon } from "../ui/icon.js";
import { usePages } from "../ui/pages.js";
import { type Change, type Changes, inOrder, type Kind, KINDS, ICONS } from "./change.js";
import { ChangeList } from "./change_list.js";
import { ChangeView } from "./change_view.js";
import "./changes.css";

const TYPING_MS = 300;
/** So many are read at once and put in order; more come as the list is scrolled, in the order of the API. */
const ORDERED = 1000;

/** `counts` are of all changes, where they are known. */
export function ChangeBrowser({ changes, counts }: { changes: Changes; counts?: Readonly<Record<Kind, number>> | undefined }) {
  const { query } = place.value;
  const change = KINDS.find((each) => each === query["change"]);
  const prefix = query["prefix"];
  const wanted = { ...(change && { change }), ...(prefix && { prefix }) };
  const about = [changes.about, change, prefix];
  const { entries, complete, loading, error, more, again } = usePages((signal) => changes.list({ ...wanted, signal }), about);
  const shown = useMemo(() => (complete || entries.length <= ORDERED ? inOrder(entries) : entries), [entries, complete]);
  useEffect(() => {
    if (!complete && !loading && error === undefined && entries.length < ORDERED) more();
  }, [entries, complete, loading]);
  const open = shown.find((each) => each.externalItemId === query["item"]) ?? shown[0];
  const counted = useCounts(changes.about, complete && !change && !prefix ? entries : undefined);
  const total = complete ? shown.length : undefined;
  return (
    <section class="stack" aria-label={t("changes.title")}>
      <div class="row change-filters">
        <Kinds counts={counts ?? counted} />
        <Prefix />
        <span class="small quiet" role="status">
          {complete && error === undefined ? t("changes.count", { n: shown.length }) : loading && entries.length === 0 ? t("app.loading") : t("list.so_far", { n: entries.length })}
        </span>
      </div>
      <Failure error={error} again={again} />
      {open ? (
        <div class="change-browser">
          <ChangeList entries={shown} open={open} total={total} onEnd={more} />
          <ChangeView change={open} changes={changes} />
        </div>
      ) : complete && error === undefined && <p class="card quiet">{t(change || prefix ? "changes.none_such" : "changes.none")}</p>}
    </section>
  );
}

/** Counts of all changes, once they were all read; they are remembered while filters show fewer. */
function useCounts(about: string, all: readonly Change[] | undefined): Readonly<Record<Kind, number>> | undefined {
  const [known, setKnown] = useState<{ about: string; counts: Record<Kind, number> }>();
  useEffect(() => {
    if (all === undefined) return;
    const counts = Object.fromEntries(KINDS.map((kind) => [kind, all.filter((each) => each.change === kind).length]));
    setKnown({ about, counts: counts as Record<Kind, number> });
  }, [about, all]);
  return known?.about === about ? known.counts : undefined;
}

function Kinds({ counts }: { counts: Readonly<Record<Kind, number>> | undefined }) {
  const chosen = place.value.query["change"];
  const shown = KINDS.filter((kind) => counts === undefined || counts[kind] > 0 || kind === chosen);
  return (
    <div class="row kinds" role="group" aria-label={t("changes.kinds")}>
      <button type="button" class="pill" aria-pressed={!chosen} onClick={() => filter({ change: undefined, item: undefined })}>{t("changes.all")}</button>
      {shown.map((kind) => (
        <button
          type="button"
          class="pill"
          key={kind}
          aria-pressed={chosen === kind}
          onClick={() => filter({ change: chosen === kind ? undefined : kind, item: undefined })}
        >
          <Icon name={ICONS[kind]} />
          {t(`change.${kind}`)}{counts && <b> {number(counts[kind])}</b>}
        </button>
      ))}
    </div>
  );
}

function Prefix() {
  const given = place.value.query["prefix"] ?? "";
  const [typed, setTyped] = useState(given);
  useEffect(() => setTyped(given), [given]);
  useEffect(() => {
    if (typed === given) return undefined;
    const timer = setTimeout(() => filter({ prefix: typed, item: undefined }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <input
      type="search"
      class="prefix"
      maxLength={512}
      aria-label={t("changes.prefix")}
      placeholder={t("changes.prefix")}
      value={typed}
      onInput={(event) => setTyped(event.currentTarget.value)}
    />
  );
}
