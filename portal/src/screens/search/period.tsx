/** How far back one looks: a number of days, in the address. */

import { t } from "../../messages/index.js";
import { filter, place } from "../../routes.js";

const DAY_MS = 86_400_000;
const PERIODS = [1, 7, 30] as const;

/** The days of the address, 7 if it names none. */
export function days(): number {
  return PERIODS.find((each) => String(each) === place.value.query["days"]) ?? 7;
}

/** When so many days ago was, ISO 8601 in UTC. */
export function daysAgo(n: number): string {
  return new Date(Date.now() - n * DAY_MS).toISOString();
}

export function Period() {
  return (
    <label class="field">
      <span>{t("search.period")}</span>
      <select value={days()} onChange={(event) => filter({ days: event.currentTarget.value })}>
        {PERIODS.map((each) => <option key={each} value={each}>{t("search.days", { n: each })}</option>)}
      </select>
    </label>
  );
}
