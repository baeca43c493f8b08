/** The fields of a key, as it is made and as it is changed. */

import { t } from "../../messages/index.js";
import { SourcesField } from "../../ui/source_picker.js";
import { BROWSER_SCOPES, type Kind, type Scope, SCOPES } from "./scopes.js";

export type Expiry = "keep" | "never" | number;

export interface Draft {
  readonly name: string;
  readonly description: string;
  readonly kind: Kind;
  readonly scopes: readonly Scope[];
  readonly sourceIds: readonly string[] | null;
  /** Origins of pages, one a line; of a browser key only. */
  readonly origins: string;
  readonly limit: number;
  /** Days from now, or a word. */
  readonly expiry: Expiry;
}

const DAYS = [7, 30, 90, 365];
const LONGEST_NAME = 100;
const LONGEST_DESCRIPTION = 500;
const MOST_REQUESTS = 6000;

export function Fields({ draft, onInput, kept = false }: {
  draft: Draft;
  onInput: (changes: Partial<Draft>) => void;
  /** Whether there is an expiry that can be kept. */
  kept?: boolean;
}) {
  const browser = draft.kind === "browser";
  const toggle = (scope: Scope): void => {
    onInput({ scopes: draft.scopes.includes(scope) ? draft.scopes.filter((each) => each !== scope) : [...draft.scopes, scope] });
  };
  return (
    <>
      <label class="field"><span>{t("keys.name")}</span>
        <input dir="auto" maxLength={LONGEST_NAME} value={draft.name} onInput={(event) => onInput({ name: event.currentTarget.value })} />
      </label>
      <label class="field"><span>{t("keys.description")}</span>
        <input dir="auto" maxLength={LONGEST_DESCRIPTION} value={draft.description} onInput={(event) => onInput({ description: event.currentTarget.value })} />
      </label>
      <fieldset class="field choices">
        <legend>{t("keys.scopes")}</legend>
        <div class="choices-list two">
          {(browser ? BROWSER_SCOPES : SCOPES).map((scope) => (
            <label class="row" key={scope}>
              <input type="checkbox" checked={draft.scopes.includes(scope)} onChange={() => toggle(scope)} />
              <span class="grow"><code>{scope}</code><span class="small quiet">{t(`scope.${scope}`)}</span></span>
            </label>
          ))}
        </div>
      </fieldset>
      <SourcesField value={draft.sourceIds} onInput={(sourceIds) => onInput({ sourceIds })} allAllowed={!browser} />
      {browser && (
        <label class="field"><span>{t("keys.origins")}</span>
          <textarea class="mono" rows={2} placeholder="https://www.example.com" value={draft.origins} onInput={(event) => onInput({ origins: event.currentTarget.value })} />
        </label>
      )}
      <div class="row pair">
        <label class="field"><span>{t("keys.expires")}</span>
          <select value={String(draft.expiry)} onChange={(event) => onInput({ expiry: expiryOf(event.currentTarget.value) })}>
            {kept && <option value="keep">{t("expiry.keep")}</option>}
            {DAYS.map((n) => <option value={n} key={n}>{t("expiry.days", { n })}</option>)}
            <option value="never">{t("expiry.never")}</option>
          </select>
        </label>
        <label class="field"><span>{t("keys.limit")}</span>
          <input type="number" min={1} max={MOST_REQUESTS} value={draft.limit} onInput={(event) => onInput({ limit: event.currentTarget.valueAsNumber })} />
        </label>
      </div>
    </>
  );
}

function expiryOf(value: string): Expiry {
  return value === "keep" || value === "never" ? value : Number(value);
}

/** When a key of so many days ends, in UTC; null for never. */
export function endOf(expiry: Exclude<Expiry, "keep">): string | null {
  return expiry === "never" ? null : new Date(Date.now() + expiry * 86_400_000).toISOString();
}

/** Origins as the API takes them. */
export function originsOf({ origins }: Draft): string[] {
  return origins.split(/\s+/).filter((each) => each !== "");
}
