/** One change in full: what becomes of the item, its fields, and its text as a comparison or as readers see it. */

import { t } from "../messages/index.js";
import { filter, place } from "../routes.js";
import { Chip } from "../ui/chip.js";
import { Failure } from "../ui/failure.js";
import { useLoaded } from "../ui/load.js";
import { Rendered } from "../ui/rendered.js";
import { When } from "../ui/when.js";
import { type Change, type Changes, contentOf, ICONS, readChange, TONES } from "./change.js";
import { Fields } from "./fields.js";
import { TextDiff } from "./text_diff.js";

export function ChangeView({ change, changes }: { change: Change; changes: Changes }) {
  const { externalItemId: id, change: kind } = change;
  const gone = change.since === "gone";
  const { value, error, again } = useLoaded(async (signal) => {
    if (gone) return undefined;
    const found = await readChange(changes.list, change, signal);
    return found && { found, was: await contentOf(found.before, signal), is: await contentOf(found.after, signal) };
  }, [changes.about, id, kind, change.since]);
  return (
    <article class="card change-view" aria-labelledby="change-title">
      <header>
        <div class="row">
          <Chip tone={TONES[kind]} icon={ICONS[kind]}>{t(`change.${kind}`)}</Chip>
          {change.since && <Chip tone="info">{t(`since.${change.since}`)}</Chip>}
        </div>
        <h2 id="change-title" dir="auto">{change.title}</h2>
        <code class="quiet" dir="auto">{id}</code>
        {kind !== "updated" && kind !== "added" && !gone && <p class="small quiet">{t(`change.${kind}_means`)}</p>}
        {kind === "removed" && change.removedAt && <p class="small quiet">{t("change.removed_at")} <When at={change.removedAt} /></p>}
      </header>
      <Failure error={error} again={again} />
      {value === undefined && error === undefined && !gone && <p class="quiet" aria-busy="true">{t("app.loading")}</p>}
      {gone && <p>{t("since.gone_means")}</p>}
      {value === null && <p class="quiet">{t("changes.not_kept")}</p>}
      {value && <Sides change={value.found} was={value.was} is={value.is} changes={changes} />}
    </article>
  );
}

interface SidesProps {
  readonly change: Change;
  readonly was: string | undefined;
  readonly is: string | undefined;
  readonly changes: Changes;
}

function Sides({ change, was, is, changes }: SidesProps) {
  const rendered = place.value.query["view"] === "rendered";
  return (
    <>
      <Fields before={change.before} after={change.after} />
      {was === is ? <p class="small quiet">{t("changes.same_text")}</p> : (
        <section class="stack" aria-label={t("changes.text")}>
          <fieldset class="segments" aria-label={t("changes.view")}>
            <View name="text" on={!rendered} />
            <View name="rendered" on={rendered} />
          </fieldset>
          {rendered ? <Both change={change} was={was} is={is} changes={changes} /> : <TextDiff before={was ?? ""} after={is ?? ""} />}
        </section>
      )}
    </>
  );
}

function View({ name, on }: { name: "text" | "rendered"; on: boolean }) {
  return (
    <label>
      <input type="radio" name="view" checked={on} onChange={() => filter({ view: name === "text" ? undefined : name })} />
      <span>{t(`changes.${name}`)}</span>
    </label>
  );
}

function Both({ change: { before, after, externalItemId: id }, was, is, changes }: SidesProps) {
  // A change names the types only where they differ.
  const told = after?.contentType ?? before?.contentType;
  const { value: type = told, error, loading } = useLoaded(
    async (signal) => told ?? changes.typeOf(id, signal),
    [changes.about, id, told ?? ""],
  );
  if (type === undefined) return loading ? <p class="quiet" aria-busy="true">{t("app.loading")}</p> : <Failure error={error} />;
  return (
    <div class={was !== undefined && is !== undefined ? "both" : ""}>
      {was !== undefined && <Side title={t("changes.before")} content={was} type={before?.contentType ?? type} />}
      {is !== undefined && <Side title={t("changes.after")} content={is} type={after?.contentType ?? type} />}
    </div>
  );
}

function Side({ title, content, type }: { title: string; content: string; type: string }) {
  return (
    <section>
      <h3 class="quiet">{title}</h3>
      <div class="paper"><Rendered content={content} kind={type} /></div>
    </section>
  );
}
