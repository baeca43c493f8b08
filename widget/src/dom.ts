/** Makes elements. Text is only ever set as text, so what was published can't become markup. */

import type { Place } from "./client";

type Attributes = Record<string, string | boolean | null>;

/** Makes an element with attributes (true for one without a value, false and null for none) and what it holds. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  set(element, attributes);
  element.append(...children);
  return element;
}

export function set(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : value);
  }
}

/** Makes a drawing of strokes in a square of 24; it is no content. */
export function icon(kind: string, path: string): SVGSVGElement {
  const space = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(space, "svg");
  set(drawing, { class: `icon ${kind}`, viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" });
  const strokes = document.createElementNS(space, "path");
  set(strokes, { d: path });
  drawing.append(strokes);
  return drawing;
}

/** Returns a text with its places marked. They count code points; what is no place within the text is left out. */
export function marked(written: string, places: Place[]): (Node | string)[] {
  const points = Array.from(written);
  const pieces: (Node | string)[] = [];
  let at = 0;
  for (const { start, end } of [...places].sort((one, other) => one.start - other.start)) {
    if (!(start >= at && end > start && end <= points.length)) continue;
    pieces.push(points.slice(at, start).join(""), make("mark", { part: "mark" }, points.slice(start, end).join("")));
    at = end;
  }
  return [...pieces, points.slice(at).join("")];
}

/** Returns an address that a link may lead to: whole, and of the web. Null for any other. */
export function webAddress(url: string | null): URL | null {
  if (url === null) return null;
  try {
    const found = new URL(url);
    return found.protocol === "https:" || found.protocol === "http:" ? found : null;
  } catch {
    return null;
  }
}
