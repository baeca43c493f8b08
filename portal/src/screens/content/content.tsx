/** Content: what is staged in a source, and what can be done with it. An item has the rest of the path. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { bytes, t } from "../../messages/index.js";
import { filter, href, place } from "../../routes.js";
import { announce } from "../../ui/announce.js";
import { Action } from "../../ui/button.js";
import { ExportDialog } from "../../ui/export_dialog.js";
import { Failure } from "../../ui/failure.js";
import { usePages } from "../../ui/pages.js";
import { VirtualList } from "../../ui/virtual_list.js";
import { When } from "../../ui/when.js";
import { EditItem } from "./edit.js";
import { ItemView } from "./item.js";
import { StateChip } from "./state.js";
import { IMPORT_SCOPES, UploadDialog } from "./upload.js";
import "./content.css";

const STATES = ["all", "active", "removed", "tombstoned"] as const;
const ROW_PX = 64;
/** A page costs a request; what is waited for first should be there soon. */
const PAGE = 500;
/** One batch takes so many removals. */
const SELECTED = 1000;

export default function Content() {
  const { path } = place.value;
  const [source = "", id] = path;
  return id === undefined ? <ItemList source={source} key={source} /> : <ItemView source={source} id={id} key={`${source} ${id}`} />;
}

function ItemList({ source }: { source: string }) {
  const { query } = place.value;
  const state = STATES.find((each) => each === query["state"]) ?? "all";
  const prefix = query["prefix"] ?? "";
  const items = usePages<models.Item>(
    (signal) => api().items.list(source, { limit: PAGE, signal, ...(state === "all" ? {} : { state }), ...(prefix ? { prefix } : {}) }),
    [source, state, prefix],
  );
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [open, setOpen] = useState<"new" | "upload" | null>(null);
  const [served, setServed] = useState<models.Generation>();
  const [error, setError] = useState<unknown>();
  const choose = (id: string): void => {
    const next = new Set(chosen);
    if (!next.delete(id) && next.size < SELECTED) next.add(id);
    setChosen(next);
  };
  const changed = (): void => {
    setOpen(null);
    setChosen(new Set());
    items.again();
  };
  const remove = async (): Promise<void> => {
    setError(undefined);
    try {
      const { counts } = await api().items.pushBatch(source, [], { removals: [...chosen] });
      announce(t("content.removed", { n: counts.removed }));
      changed();
    } catch (failure) {
      setError(failure);
    }
  };
  const restore = async (): Promise<void> => {
    setError(undefined);
    try {
      for (const id of chosen) await api().items.restore(source, id);
      announce(t("content.restored", { n: chosen.size }));
      changed();
    } catch (failure) {
      setError(failure);
    }
  };
  const exportServed = async (): Promise<void> => {
    setError(undefined);
    await api().generations.get(source).then(setServed, setError);
  };
  const removable = items.entries.filter((each) => chosen.has(each.externalItemId)).every((each) => each.state === "active");
  const restorable = items.entries.filter((each) => chosen.has(each.externalItemId)).every((each) => each.state === "removed");
  return (
    <>
      <header class="head">
        <div><h1>{t("nav.content")}</h1><p>{t("content.lead")}</p></div>
        <Action icon="arrow" scope={["runs:read", "items:read"]} onPress={exportServed}>{t("content.export")}</Action>
        <Action icon="imports" scope={IMPORT_SCOPES} onPress={() => setOpen("upload")}>{t("content.upload")}</Action>
        <Action icon="plus" kind="main" scope="items:write" onPress={() => setOpen("new")}>{t("content.new")}</Action>
      </header>
      <div class="stack">
        <div class="row">
          <fieldset class="segments">
            <legend class="unseen">{t("content.state")}</legend>
            {STATES.map((each) => (
              <label>
                <input type="radio" name="state" checked={each === state} onChange={() => filter({ state: each === "all" ? undefined : each })} />
                <span>{t(`item.${each}`)}</span>
              </label>
            ))}
          </fieldset>
          <input
            type="search"
            class="grow narrow"
            aria-label={t("content.prefix")}
            placeholder={t("content.prefix")}
            value={prefix}
            maxLength={512}
            onChange={(event) => filter({ prefix: event.currentTarget.value || undefined })}
          />
          <span class="quiet small" role="status">
            {items.loading ? t("app.loading") : t(items.complete ? "list.count" : "list.so_far", { n: items.entries.length })}
          </span>
        </div>
        {chosen.size > 0 && (
          <div class="card row chosen">
            <strong class="grow">{t("content.chosen", { n: chosen.size })}</strong>
            <Action scope="items:write" blocked={restorable ? undefined : t("content.only_removed")} onPress={restore}>{t("content.restore")}</Action>
            <Action kind="danger" scope="items:write" blocked={removable ? undefined : t("content.only_active")} onPress={remove}>{t("content.remove")}</Action>
            <button type="button" class="button quiet" onClick={() => setChosen(new Set())}>{t("do.cancel")}</button>
          </div>
        )}
        <Failure error={error ?? items.error} again={error === undefined ? items.again : undefined} />
        {items.entries.length > 0 && (
          <VirtualList
            entries={items.entries}
            rowHeight={ROW_PX}
            label={t("nav.content")}
            keyOf={(item) => item.externalItemId}
            total={items.complete ? items.entries.length : undefined}
            onEnd={items.complete ? undefined : items.more}
            render={(item) => <Row source={source} item={item} chosen={chosen.has(item.externalItemId)} choose={choose} />}
          />
        )}
        {items.entries.length === 0 && items.complete && items.error === undefined && (
          <div class="card empty">
            <h2>{t(prefix || state !== "all" ? "content.none_found" : "content.none")}</h2>
            <p class="quiet">{t(prefix || state !== "all" ? "content.none_found_lead" : "content.none_lead")}</p>
          </div>
        )}
      </div>
      {open === "new" && <EditItem source={source} onClose={() => setOpen(null)} onDone={changed} />}
      {open === "upload" && <UploadDialog source={source} onClose={() => setOpen(null)} onDone={items.again} />}
      {served && <ExportDialog generation={served} onClose={() => setServed(undefined)} />}
    </>
  );
}

function Row({ source, item, chosen, choose }: { source: string; item: models.Item; chosen: boolean; choose: (id: string) => void }) {
  const id = item.externalItemId;
  return (
    <div class="item-row">
      <input type="checkbox" aria-label={t("content.choose", { name: item.title })} checked={chosen} onChange={() => choose(id)} />
      <div class="item-name">
        <a class="cut" href={href("content", [source, id])} dir="auto">{item.title}</a>
        <code class="cut quiet" dir="auto">{id}</code>
      </div>
      <StateChip state={item.state} />
      <span class="item-tags cut quiet small" dir="auto">{[item.language, ...item.tags].filter(Boolean).join(", ")}</span>
      <span class="item-size quiet small">{bytes(item.contentBytes)}</span>
      <span class="item-when quiet small">
        {item.state === "removed" ? <>{t("content.due")} <When at={item.tombstoneDueAt} style="day" /></> : <When at={item.updatedAt} style="ago" />}
      </span>
    </div>
  );
}
