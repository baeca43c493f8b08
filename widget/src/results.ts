/** The list of results below the input: a listbox of a combobox, whose options the input points at. */

import type { Result } from "./client";
import { make, marked, set } from "./dom";
import type { Words } from "./words";

export class ResultList {
  readonly popup: HTMLElement;
  private readonly list = make("ul", { id: "results", role: "listbox", part: "results" });
  private readonly note = make("p", { class: "note", part: "note", dir: "auto" });
  private results: Result[] = [];
  private active = -1;

  constructor(
    private readonly input: HTMLInputElement,
    private readonly choose: (result: Result, elsewhere: boolean) => void,
  ) {
    this.popup = make("div", { class: "popup", part: "popup", hidden: true }, this.list, this.note);
    // The input keeps the focus, and what is selected in it.
    this.popup.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const at = this.options().findIndex((option) => event.composedPath().includes(option));
      this.take(at, event.ctrlKey || event.metaKey);
    });
  }

  get isOpen(): boolean {
    return !this.popup.hidden;
  }

  /** Shows results, or what is said when there are none; `note` stands below them. */
  show(results: Result[], words: Words, note: string): void {
    this.results = results;
    set(this.list, { "aria-label": words.results });
    this.list.replaceChildren(...results.map((result, index) => option(result, index, words)));
    this.note.textContent = note;
    this.open();
  }

  open(): void {
    if (this.note.textContent) this.toggle(true);
  }

  close(): void {
    this.toggle(false);
  }

  forget(): void {
    this.results = [];
    this.note.textContent = "";
    this.close();
  }

  /** Does what a key does to an open list; false when it does nothing. */
  press(key: string, elsewhere: boolean): boolean {
    const last = this.results.length - 1;
    if (last < 0) return false;
    if (key === "ArrowDown" || key === "ArrowUp") {
      const step = key === "ArrowDown" ? 1 : -1;
      if (!this.isOpen) this.open();
      // Behind the last result, and before the first, comes the input itself.
      const next = this.active + step;
      this.point(next < -1 ? last : next > last ? -1 : next);
      return true;
    }
    if (!this.isOpen || this.active < 0) return false;
    if (key === "Enter") this.take(this.active, elsewhere);
    else if (key === "Home") this.point(0);
    else if (key === "End") this.point(last);
    else return false;
    return true;
  }

  private take(index: number, elsewhere: boolean): void {
    const result = this.results[index];
    if (result) this.choose(result, elsewhere);
  }

  private toggle(open: boolean): void {
    this.popup.hidden = !open;
    this.list.hidden = this.results.length === 0;
    this.point(-1);
    set(this.input, { "aria-expanded": String(open && this.results.length > 0) });
  }

  private point(index: number): void {
    this.active = index;
    this.options().forEach((option, at) => set(option, { "aria-selected": String(at === index) }));
    const option = this.options()[index];
    set(this.input, { "aria-activedescendant": option?.id ?? null });
    option?.scrollIntoView({ block: "nearest" });
  }

  private options(): Element[] {
    return [...this.list.children];
  }
}

function option(result: Result, index: number, words: Words): HTMLElement {
  const title = result.title ? marked(result.title, result.inTitle) : [words.untitled];
  return make(
    "li",
    { id: `result-${index}`, class: "option", role: "option", part: "option", "aria-selected": "false" },
    make("div", { class: "title", part: "title", dir: "auto" }, ...title),
    make("div", { class: "snippet", part: "snippet", dir: "auto" }, ...snippetOf(result)),
  );
}

/** Returns the marked snippet. Where it begins with the title, as a page under its own heading does, that is not said twice. */
function snippetOf({ title, snippet, inSnippet }: Result): (Node | string)[] {
  if (!title || !snippet.startsWith(`${title}\n`)) return marked(snippet, inSnippet);
  const cut = Array.from(title).length + 1;
  const places = inSnippet.map(({ start, end }) => ({ start: start - cut, end: end - cut }));
  return marked(snippet.slice(title.length + 1), places);
}
