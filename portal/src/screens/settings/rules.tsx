/** The name, the grace of removals and the guard against too many. Only what was changed is sent. */

import type { models } from "../../../../clients/typescript/src/index.js";
import { t } from "../../messages/index.js";
import { Action } from "../../ui/button.js";
import { Failure } from "../../ui/failure.js";
import { useDraft } from "./draft.js";
import { GraceEffect } from "./grace_effect.js";
import { Num } from "./num.js";
import { closed, type Saved } from "./part.js";

interface Values {
  readonly name: string;
  /** NaN while the field is empty. */
  readonly graceDays: number;
  /** Null for no bound. */
  readonly maxPercent: number | null;
  readonly maxItems: number | null;
}

const LONGEST_NAME = 200;
const MOST_DAYS = 365;

export function Rules(saved: Saved) {
  const { source } = saved;
  const before = valuesOf(source);
  const { values, change, save, error, again } = useDraft(saved, before, changesOf);
  return (
    <section class="card stack" aria-labelledby="rules">
      <h2 id="rules">{t("settings.rules")}</h2>
      <label class="field"><span>{t("settings.name")}</span>
        <input dir="auto" maxLength={LONGEST_NAME} value={values.name} onInput={(event) => change({ name: event.currentTarget.value })} />
      </label>
      <Num label={t("settings.grace")} most={MOST_DAYS} value={values.graceDays} onInput={(graceDays) => change({ graceDays })} />
      <GraceEffect source={source} days={values.graceDays} />
      <fieldset class="field choices">
        <legend>{t("settings.guard")}</legend>
        <p class="small quiet">{t("settings.guard_lead")}</p>
        <div class="row pair">
          <Num label={t("settings.guard_percent")} most={100} value={values.maxPercent ?? NaN} onInput={(n) => change({ maxPercent: bound(n) })} />
          <Num label={t("settings.guard_items")} value={values.maxItems ?? NaN} onInput={(n) => change({ maxItems: bound(n) })} />
        </div>
      </fieldset>
      <Failure error={error} again={again} />
      <div class="row ends">
        <Action kind="main" scope="sources:write" blocked={closed(source) ?? whyNot(before, values)} onPress={save}>{t("settings.save")}</Action>
      </div>
    </section>
  );
}

function valuesOf({ name, graceDays, removalGuard }: models.Source): Values {
  return { name, graceDays, maxPercent: removalGuard?.maxPercent ?? null, maxItems: removalGuard?.maxItems ?? null };
}

function changesOf(before: Values, { name, graceDays, maxPercent, maxItems }: Values): models.UpdateSourceRequest {
  const guarded = maxPercent !== before.maxPercent || maxItems !== before.maxItems;
  return {
    ...(name !== before.name && { name }),
    ...(graceDays !== before.graceDays && { graceDays }),
    ...(guarded && { removalGuard: maxPercent === null && maxItems === null ? null : { maxPercent, maxItems } }),
  };
}

function whyNot(before: Values, values: Values): string | undefined {
  if (Number.isNaN(values.graceDays)) return t("settings.grace_missing");
  return Object.keys(changesOf(before, values)).length === 0 ? t("settings.unchanged") : undefined;
}

function bound(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
