/** How the source is searched and asked, and whether what was asked is kept. Only what was changed is sent. */

import type { models } from "../../../../clients/typescript/src/index.js";
import { t } from "../../messages/index.js";
import { Action } from "../../ui/button.js";
import { Failure } from "../../ui/failure.js";
import { useDraft } from "./draft.js";
import { Num } from "./num.js";
import { closed, type Saved } from "./part.js";

interface Values {
  readonly questionLog: boolean;
  /** Empty for none. */
  readonly defaultLanguage: string;
  /** NaN while the field is empty. */
  readonly titleWeight: number;
  /** A group a line, with commas between its texts. */
  readonly synonyms: string;
}

const LEAST_WEIGHT = 0.1;
const MOST_WEIGHT = 10;
const LONGEST_LANGUAGE = 35;

export function Finding(saved: Saved) {
  const { source } = saved;
  const before = valuesOf(source);
  const { values, change, save, error, again } = useDraft(saved, before, changesOf);
  // A text with a comma in it would come back as two.
  const writable = same(groupsOf(before.synonyms), source.synonyms ?? []);
  return (
    <section class="card stack" aria-labelledby="finding">
      <h2 id="finding">{t("finding.title")}</h2>
      <label class="row tick">
        <input type="checkbox" checked={values.questionLog} onChange={(event) => change({ questionLog: event.currentTarget.checked })} />
        <span class="grow">{t("finding.log")}<span class="small quiet">{t("finding.log_lead")}</span></span>
      </label>
      <label class="field"><span>{t("finding.synonyms")}</span>
        <span class="small quiet">{t(writable ? "finding.synonyms_lead" : "finding.synonyms_commas")}</span>
        <textarea
          rows={3}
          dir="auto"
          readOnly={!writable}
          placeholder={t("finding.synonyms_example")}
          value={values.synonyms}
          onInput={(event) => change({ synonyms: event.currentTarget.value })}
        />
      </label>
      <div class="row pair">
        <label class="field"><span>{t("finding.language")}</span>
          <input
            maxLength={LONGEST_LANGUAGE}
            placeholder="en"
            spellcheck={false}
            value={values.defaultLanguage}
            onInput={(event) => change({ defaultLanguage: event.currentTarget.value })}
          />
        </label>
        <Num label={t("finding.weight")} least={LEAST_WEIGHT} most={MOST_WEIGHT} value={values.titleWeight} onInput={(titleWeight) => change({ titleWeight })} />
      </div>
      <Failure error={error} again={again} />
      <div class="row ends">
        <Action kind="main" scope="sources:write" blocked={closed(source) ?? whyNot(before, values)} onPress={save}>{t("settings.save")}</Action>
      </div>
    </section>
  );
}

function valuesOf({ questionLog, defaultLanguage, titleWeight, synonyms }: models.Source): Values {
  return {
    questionLog: questionLog === "on",
    defaultLanguage: defaultLanguage ?? "",
    titleWeight: titleWeight ?? NaN,
    synonyms: (synonyms ?? []).map((group) => group.join(", ")).join("\n"),
  };
}

function groupsOf(text: string): string[][] {
  const lines = text.split("\n").map((line) => line.split(",").map((each) => each.trim()).filter((each) => each !== ""));
  return lines.filter((group) => group.length > 0);
}

function changesOf(before: Values, { questionLog, defaultLanguage, titleWeight, synonyms }: Values): models.UpdateSourceRequest {
  const groups = groupsOf(synonyms);
  return {
    ...(questionLog !== before.questionLog && { questionLog: questionLog ? "on" as const : "off" as const }),
    ...(defaultLanguage.trim() !== before.defaultLanguage && { defaultLanguage: defaultLanguage.trim() || null }),
    ...(titleWeight !== before.titleWeight && !Number.isNaN(titleWeight) && { titleWeight }),
    ...(!same(groups, groupsOf(before.synonyms)) && { synonyms: groups }),
  };
}

function whyNot(before: Values, values: Values): string | undefined {
  if (groupsOf(values.synonyms).some((group) => group.length < 2)) return t("finding.synonyms_alone");
  return Object.keys(changesOf(before, values)).length === 0 ? t("settings.unchanged") : undefined;
}

function same(one: readonly (readonly string[])[], other: readonly (readonly string[])[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
