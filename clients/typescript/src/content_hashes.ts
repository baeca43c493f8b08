/**
 * The content hash of an item, as every list of the API tells it: what differs can be told without a write.
 *
 * It is the SHA-256 of the item in canonical JSON; docs/items.md says which. What is hashed is what this client would
 * send: JavaScript knows one kind of number, so 1.0 goes out as `1`, and is hashed so.
 */

import { checkText, encode } from "./bodies.js";
import { InvalidArgumentError } from "./errors.js";
import type { ItemInput } from "./models.js";

type Canonical = string | boolean | null | Canonical[] | { [name: string]: Canonical };

/** Return the hash of an item, 64 hexadecimal digits; throws InvalidArgumentError for what is no JSON. */
export async function contentHash(item: ItemInput): Promise<string> {
  let text: string;
  try {
    text = encode(item);
  } catch (error) {
    throw new InvalidArgumentError(`the item is no JSON: ${(error as Error).message}`);
  }
  return contentHashOfJson(text);
}

/** Return the hash of an item that is JSON already, such as a line of an import; its numbers keep every digit. */
export async function contentHashOfJson(json: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(canonicalJson(json)));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Return what is hashed of an item. */
export function canonicalJson(json: string): string {
  let item: Canonical;
  try {
    JSON.parse(json);
    item = JSON.parse(marked(json)) as Canonical;
  } catch (error) {
    throw new InvalidArgumentError(`the item is no JSON: ${(error as Error).message}`);
  }
  if (item === null || typeof item !== "object" || Array.isArray(item)) {
    throw new InvalidArgumentError("the item is no JSON object");
  }
  const { [`"sourceVersion`]: _, ...sent } = item;
  const fields = Object.entries(sent).filter(([, value]) => !isEmpty(value));
  return written({ [`"contentType`]: `"text/plain`, ...Object.fromEntries(fields) });
}

/** Mark texts by a quote before them and make texts of numbers, so that parsing changes neither names nor digits. */
function marked(json: string): string {
  return json.replace(/"([^"\\]*(?:\\.[^"\\]*)*)"|-?\d[\d.eE+-]*/g, (token, text?: string) =>
    text === undefined ? `"${token}"` : `"\\"${text}"`,
  );
}

function isEmpty(value: Canonical): boolean {
  return value === null || (typeof value === "object" && Object.keys(value).length === 0);
}

function written(value: Canonical): string {
  if (typeof value === "string") {
    if (!value.startsWith('"')) return number(value);
    checkText(value, "the item");
    return JSON.stringify(value.slice(1));
  }
  if (value === null || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return `[${value.map(written).join(",")}]`;
  const names = Object.keys(value).sort(byCodePoints);
  return `{${names.map((name) => `${written(name)}:${written(value[name] as Canonical)}`).join(",")}}`;
}

/** UTF-16 has characters beyond U+FFFF before U+E000; their code points are behind it. */
function byCodePoints(one: string, other: string): number {
  const [left, right] = [[...one], [...other]];
  const at = left.findIndex((character, index) => character !== right[index]);
  if (at === -1) return left.length - right.length;
  return (left[at]?.codePointAt(0) ?? -1) - (right[at]?.codePointAt(0) ?? -1);
}

/** A whole number keeps its digits; any other is a double with a point or an exponent of two digits at least. */
function number(digits: string): string {
  if (/^-?\d+$/.test(digits)) return String(BigInt(digits));
  const value = Number(digits);
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const size = Math.abs(value);
  const [mantissa = "0", power = "0"] = size.toExponential().split("e");
  const exponent = Number(power);
  if (size !== 0 && (exponent < -4 || exponent >= 16)) {
    const places = String(Math.abs(exponent)).padStart(2, "0");
    return `${sign}${mantissa}e${exponent < 0 ? "-" : "+"}${places}`;
  }
  const figures = mantissa.replace(".", "");
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${figures}`;
  const whole = figures.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${sign}${whole}.${figures.slice(exponent + 1) || "0"}`;
}
