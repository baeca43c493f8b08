/** What is shown, as the address tells it: `#/content/src_.../?prefix=faq`. A link can be shared. Nothing leaves the browser. */

import { computed, signal } from "@preact/signals";

/** A place in the portal: a screen, what it is about, and how it is filtered. */
export interface Place {
  readonly screen: string;
  /** Decoded segments after the screen; the first is the source, for screens of a source. */
  readonly path: readonly string[];
  readonly query: Readonly<Record<string, string>>;
}

const hash = signal(location.hash);
for (const event of ["hashchange", "popstate"]) addEventListener(event, () => (hash.value = location.hash));

export const place = computed<Place>(() => placeOf(hash.value));

/** Read a place from a fragment; what is none is the first screen. */
export function placeOf(fragment: string): Place {
  const [path = "", query = ""] = fragment.replace(/^#\/?/, "").split("?", 2);
  const [screen = "", ...rest] = path.split("/").filter((each) => each !== "").map(decoded);
  return { screen: screen || "home", path: rest, query: Object.fromEntries(new URLSearchParams(query)) };
}

/** The address of a place; what is undefined or empty in the query is left out. */
export function href(screen: string, path: readonly string[] = [], query: Record<string, string | undefined> = {}): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) given.set(name, value);
  return `#/${[screen, ...path].map(encodeURIComponent).join("/")}${given.size > 0 ? `?${given}` : ""}`;
}

/** Go to an address; `replace` leaves no step to go back to, for filters that change as one types. */
export function go(address: string, replace = false): void {
  if (address === location.hash) return;
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  hash.value = address;
}

/** Change the filters of the place one is at. */
export function filter(changes: Record<string, string | undefined>): void {
  const { screen, path, query } = place.value;
  go(href(screen, path, { ...query, ...changes }), true);
}

// What is typed into the address by hand may be no percent-encoding.
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
