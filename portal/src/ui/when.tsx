/** A time in the viewer's zone; pointing at it, or asking for its label, tells it in UTC. */

import { locale, t } from "../messages/index.js";

const MINUTE = 60_000;

/** `at` is ISO 8601 in UTC; `style` "ago" tells how long it is from now, and is for what is recent. */
export function When({ at, style = "moment" }: { at: string | null | undefined; style?: "moment" | "day" | "ago" }) {
  if (at === null || at === undefined) return <span>{t("time.never")}</span>;
  const utc = `${at.replace("T", " ").replace(/\.\d+Z$/, "").replace(/Z$/, "")} UTC`;
  return (
    <time dateTime={at} title={utc}>
      {style === "ago" ? ago(at) : moment(at, style)}
    </time>
  );
}

/** Write a moment, or a day, as the reader does. */
export function moment(at: string, style: "moment" | "day" = "moment"): string {
  const shown: Intl.DateTimeFormatOptions = { dateStyle: "medium", ...(style === "day" ? {} : { timeStyle: "short" }) };
  return new Intl.DateTimeFormat(locale(), shown).format(new Date(at));
}

function ago(at: string): string {
  const minutes = Math.round((Date.parse(at) - Date.now()) / MINUTE);
  const words = new Intl.RelativeTimeFormat(locale(), { numeric: "auto" });
  if (Math.abs(minutes) < 60) return words.format(minutes, "minute");
  if (Math.abs(minutes) < 36 * 60) return words.format(Math.round(minutes / 60), "hour");
  if (Math.abs(minutes) < 45 * 24 * 60) return words.format(Math.round(minutes / 60 / 24), "day");
  return moment(at, "day");
}
