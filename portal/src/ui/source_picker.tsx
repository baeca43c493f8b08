/** Chooses sources by their names: all, or some. */

import { useId } from "preact/hooks";
import { t } from "../messages/index.js";
import { sources } from "../sources.js";

export function SourcesField({ value, onInput, allAllowed = true }: {
  /** Null for all. */
  value: readonly string[] | null;
  onInput: (ids: string[] | null) => void;
  allAllowed?: boolean;
}) {
  const group = useId();
  const known = sources.value ?? [];
  // What was deleted meanwhile can still be taken away.
  const shown = [...known, ...(value ?? []).filter((id) => !known.some((each) => each.id === id)).map((id) => ({ id, name: id }))];
  const chosen = value ?? [];
  const toggle = (id: string): void => onInput(chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id]);
  return (
    <fieldset class="field choices">
      <legend>{t("keys.sources")}</legend>
      {allAllowed && (
        <div class="row">
          <label class="row"><input type="radio" name={group} checked={value === null} onChange={() => onInput(null)} />{t("keys.sources_all")}</label>
          <label class="row"><input type="radio" name={group} checked={value !== null} onChange={() => onInput([])} />{t("keys.sources_some")}</label>
        </div>
      )}
      {value !== null && (
        <div class="choices-list">
          {shown.map(({ id, name }) => (
            <label class="row" key={id}>
              <input type="checkbox" checked={chosen.includes(id)} onChange={() => toggle(id)} />
              <span class="grow" dir="auto">{name}</span>
            </label>
          ))}
        </div>
      )}
    </fieldset>
  );
}

/** The names of sources; their ids where the session does not see them. */
export function namesOf(ids: readonly string[] | null): string {
  if (ids === null) return t("keys.sources_all");
  return ids.map((id) => sources.value?.find((each) => each.id === id)?.name ?? id).join(", ");
}
