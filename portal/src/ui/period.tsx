/** How far back one looks: a number of days, in the address. */

import { t } from "../messages/index.js";
import { filter, place } from "../routes.js";

const DAY_MS = 86_400_000;
const USUAL = 7;
const PERIODS: readonly number[] = [1, USUAL, 30];

/** The days of the address, 7 if it names none of those that can be chosen. */
export function days(periods = PERIODS): number {
  return periods.find((each) => String(each) === place.value.query["days"]) ?? USUAL;
}

/** When so many days ago was, ISO 8601 in UTC. */
export function daysAgo(n: number): string {
  return new Date(Date.now() - n * DAY_MS).toISOString();
}

export function Period({ periods = PERIODS }: { periods?: readonly number[] }) {
  return (
    <label class="field">
      <span>{t("period.label")}</span>
      <select value={days(periods)} onChange={(event) => filter({ days: event.currentTarget.value })}>
        {periods.map((each) => <option key={each} value={each}>{t("period.days", { n: each })}</option>)}
      </select>
    </label>
  );
}
