/** One item: what is staged beside what is served, and what can be done with it. */

import { useState } from "preact/hooks";
import { etagOf, type models, NotFoundError } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { contentOf } from "../../contents.js";
import { bytes, t } from "../../messages/index.js";
import { href } from "../../routes.js";
import { scopes } from "../../session.js";
import { announce } from "../../ui/announce.js";
import { Action } from "../../ui/button.js";
import { Chip } from "../../ui/chip.js";
import { Failure } from "../../ui/failure.js";
import { useLoaded } from "../../ui/load.js";
import { Rendered } from "../../ui/rendered.js";
import { When } from "../../ui/when.js";
import { EditItem } from "./edit.js";
import { StateChip } from "./state.js";

const VIEWS = ["rendered", "raw", "served"] as const;
type View = (typeof VIEWS)[number];

interface Seen {
  readonly item: models.Item;
  /** What its next change is conditional on. */
  readonly tag: string | undefined;
  readonly content: string;
  /** As it is served; null when it is not, undefined when the session may not see it. */
  readonly served: { readonly item: models.GenerationItem; readonly content: string } | null | undefined;
}

export function ItemView({ source, id }: { source: string; id: string }) {
  const { value, error, again } = useLoaded<Seen>((signal) => readBoth(source, id, signal), [source, id]);
  const [view, setView] = useState<View>("rendered");
  const [editing, setEditing] = useState(false);
  const [failure, setFailure] = useState<unknown>();
  const doing = (work: () => Promise<unknown>, said: string) => async (): Promise<void> => {
    setFailure(undefined);
    try {
      await work();
      announce(said);
      again();
    } catch (refused) {
      setFailure(refused);
    }
  };
  const back = <p class="small"><a href={href("content", [source])}>{t("content.back")}</a></p>;
  if (error !== undefined && value === undefined) return <>{back}<Failure error={error} again={again} /></>;
  if (value === undefined) return <>{back}<p class="waiting quiet" aria-busy="true">{t("app.loading")}</p></>;
  const { item, tag, content, served } = value;
  const remove = doing(() => api().items.remove(source, id, { ifMatch: tag }), t("content.removed", { n: 1 }));
  const restore = doing(() => api().items.restore(source, id), t("content.restored", { n: 1 }));
  return (
    <>
      {back}
      <header class="head">
        <div>
          <h1 dir="auto">{item.title}</h1>
          <p class="row"><code dir="auto">{id}</code><StateChip state={item.state} /><ServedChip seen={value} /></p>
        </div>
        {item.state === "active"
          ? <Action kind="danger" scope="items:write" onPress={remove}>{t("content.remove")}</Action>
          : <Action scope="items:write" blocked={item.state === "tombstoned" ? t("content.gone") : undefined} onPress={restore}>{t("content.restore")}</Action>}
        <Action kind="main" scope="items:write" onPress={() => setEditing(true)}>{t("content.edit")}</Action>
      </header>
      <div class="stack">
        <Failure error={failure} again={again} />
        <div class="item-both">
          <section class="card stack" aria-label={t("content.text")}>
            <fieldset class="segments">
              <legend class="unseen">{t("content.view")}</legend>
              {VIEWS.filter((each) => each !== "served" || served).map((each) => (
                <label>
                  <input type="radio" name="view" checked={each === view} onChange={() => setView(each)} />
                  <span>{t(`content.view_${each}`)}</span>
                </label>
              ))}
            </fieldset>
            {view === "rendered" && <Rendered content={content} kind={item.contentType} />}
            {view === "raw" && <pre class="wrapped" tabIndex={0} dir="auto">{content}</pre>}
            {view === "served" && served && (
              <>
                <h2 dir="auto">{served.item.title}</h2>
                <Rendered content={served.content} kind={served.item.contentType} />
              </>
            )}
          </section>
          <Details item={item} />
        </div>
      </div>
      {editing && (
        <EditItem source={source} item={item} content={content} tag={tag} onClose={() => setEditing(false)} onDone={() => (setEditing(false), again())} />
      )}
    </>
  );
}

function ServedChip({ seen: { item, served } }: { seen: Seen }) {
  if (served === undefined) return null;
  if (served === null) return <Chip tone="still">{t("served.absent")}</Chip>;
  if (served.item.contentHash === item.contentHash) return <Chip tone="good">{t("served.same")}</Chip>;
  return <Chip tone="info">{t("served.differs")}</Chip>;
}

function Details({ item }: { item: models.Item }) {
  const facts: [string, preact.ComponentChildren][] = [
    [t("content.type"), <code>{item.contentType}</code>],
    [t("content.size"), bytes(item.contentBytes)],
    [t("content.language"), item.language ?? "–"],
    [t("content.tags"), item.tags.length > 0 ? <span dir="auto">{item.tags.join(", ")}</span> : "–"],
    [t("content.url"), item.url ? <Link url={item.url} /> : "–"],
    [t("content.version"), item.sourceVersion ?? "–"],
    [t("content.created"), <When at={item.createdAt} />],
    [t("content.updated"), <><When at={item.updatedAt} />{item.updatedByKeyId && <> · <code>{item.updatedByKeyId}</code></>}</>],
    ...(item.removedAt ? [[t("content.removed_at"), <When at={item.removedAt} />] as [string, preact.ComponentChildren]] : []),
    ...(item.tombstoneDueAt ? [[t("content.due_at"), <When at={item.tombstoneDueAt} />] as [string, preact.ComponentChildren]] : []),
  ];
  return (
    <aside class="card stack" aria-label={t("content.details")}>
      <dl class="facts">{facts.map(([name, value]) => <><dt>{name}</dt><dd>{value}</dd></>)}</dl>
      {item.metadata && (
        <>
          <h3>{t("content.metadata")}</h3>
          <pre class="wrapped" tabIndex={0} dir="auto">{JSON.stringify(item.metadata, null, 2)}</pre>
        </>
      )}
    </aside>
  );
}

function Link({ url }: { url: string }) {
  // An address that a tenant wrote is followed only if it is one of the web.
  if (!/^https?:\/\//i.test(url)) return <span dir="auto">{url}</span>;
  return <a href={url} target="_blank" rel="noopener noreferrer" dir="auto">{url}</a>;
}

async function readBoth(source: string, id: string, signal: AbortSignal): Promise<Seen> {
  const [item, live] = await Promise.all([api().items.get(source, id, { signal }), readServed(source, id)]);
  const content = await contentOf(item, signal);
  const served = live && { item: live, content: live.contentHash === item.contentHash ? content : await contentOf(live, signal) };
  return { item, tag: etagOf(item), content, served };
}

async function readServed(source: string, id: string): Promise<models.GenerationItem | null | undefined> {
  if (!scopes.value.has("runs:read")) return undefined;
  try {
    return await api().generations.item(source, id);
  } catch (error) {
    if (error instanceof NotFoundError) return null;
    throw error;
  }
}
