/** The catalogue of all words: `t("sign_in.title")`. English first, then German; a test holds that none is missing. */

import { signal } from "@preact/signals";
import { ACTIVITY } from "./activity.js";
import { CHANGES } from "./changes.js";
import { CONTENT } from "./content.js";
import { FRAME } from "./frame.js";
import { GENERATIONS } from "./generations.js";
import { HOME } from "./home.js";
import { IMPORTS } from "./imports.js";
import { KEYS } from "./keys.js";
import { REVIEW } from "./review.js";
import { SCOPES } from "./scopes.js";
import { SEARCH } from "./search.js";
import { SETTINGS } from "./settings.js";
import { WEBHOOKS } from "./webhooks.js";

/** A message in every language; `{name}` is filled in, and ` || ` stands between the words for one and for more. */
export type Message = readonly [en: string, de: string];

export const CATALOGUE = { ...FRAME, ...HOME, ...CONTENT, ...CHANGES, ...REVIEW, ...GENERATIONS, ...IMPORTS, ...SEARCH, ...SCOPES, ...KEYS, ...WEBHOOKS, ...ACTIVITY, ...SETTINGS } satisfies Record<string, Message>;
export type MessageKey = keyof typeof CATALOGUE;

export const LANGUAGES = ["en", "de"] as const;
export type Language = (typeof LANGUAGES)[number];
const PLACE = "portal-language";

export const language = signal<Language>(preferred());

/** Say something in the reader's language; `n` chooses between the words for one and for more. */
export function t(key: MessageKey, values: Readonly<Record<string, string | number>> = {}): string {
  const message: Message = CATALOGUE[key];
  const [one = "", more = one] = message[LANGUAGES.indexOf(language.value)]!.split(" || ");
  const text = values["n"] === 1 ? one : more;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === "number" ? number(value) : value;
  });
}

/** How the reader writes numbers and times: as in their own country, where it speaks the language that is chosen. */
export function locale(): string {
  return navigator.languages.find((each) => each.startsWith(language.value)) ?? language.value;
}

/** Write a number as the reader does. */
export function number(value: number): string {
  return new Intl.NumberFormat(locale()).format(value);
}

/** Write a size in bytes as the reader does. */
export function bytes(value: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  const step = Math.min(units.length - 1, value > 0 ? Math.floor(Math.log10(value) / 3) : 0);
  const shown = { style: "unit", unit: units[step]!, unitDisplay: step === 0 ? "long" : "short", maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(locale(), shown).format(value / 1000 ** step);
}

/** Whether a text names a message: codes of the API are looked up so. */
export function isMessage(key: string): key is MessageKey {
  return Object.hasOwn(CATALOGUE, key);
}

/** Speak another language from now on. */
export function speak(next: Language): void {
  localStorage.setItem(PLACE, next);
  language.value = next;
}

function preferred(): Language {
  const wanted = [localStorage.getItem(PLACE) ?? "", ...navigator.languages].map((each) => each.slice(0, 2));
  return LANGUAGES.find((each) => each === wanted.find((one) => (LANGUAGES as readonly string[]).includes(one))) ?? "en";
}
