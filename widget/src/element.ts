/** `<knowledge-widget>`: search as one types, and ask. It makes no request before somebody uses it. */

import { answered, waitingFor } from "./answer";
import { type Answer, Client, Failure, type Kind, type Result } from "./client";
import { icon, make, set, webAddress } from "./dom";
import { ResultList } from "./results";
import { styleSheet } from "./style";
import { filled, type Words, wordsOf } from "./words";

const DEBOUNCE_MS = 250;
const PATIENCE_MS = 8_000;
const QUERY_CHARACTERS = 1_000;
/** What trying again does not mend. */
const LASTING: Kind[] = ["refused", "rejected", "budget", "spent"];
const RESULTS = 6;
const MOST_RESULTS = 20;
const SECRET_KEY =
  "`key` is a secret key, which every visitor can read here: rotate it with `overlapSeconds: 0`, and make a key for web pages";
const SEARCH = "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14m5-2 4 4";
const CLEAR = "m7 7 10 10M17 7 7 17";

export class KnowledgeWidget extends HTMLElement {
  static readonly observedAttributes = ["lang", "strings", "ask"];

  private readonly input = make("input", {
    part: "input",
    type: "text",
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-controls": "results",
    "aria-expanded": "false",
    autocomplete: "off",
    spellcheck: "false",
    maxlength: String(QUERY_CHARACTERS),
    enterkeyhint: "search",
  });
  private readonly clear = make("button", { type: "button", class: "clear", part: "clear", hidden: true }, icon("", CLEAR));
  private readonly asks = make("button", { type: "submit", class: "ask", part: "ask" });
  private readonly field = make("div", { class: "field", part: "field" }, icon("search", SEARCH), this.input, this.clear, this.asks);
  private readonly status = make("div", { class: "quiet", role: "status" });
  private readonly alarm = make("p", { role: "alert", dir: "auto" });
  private readonly again = make("button", { type: "button", class: "plain", part: "button" });
  private readonly message = make("div", { class: "message", part: "message", hidden: true }, this.alarm, this.again);
  private readonly answer = make("section", { class: "answer", part: "answer", hidden: true, tabindex: "-1" });
  private readonly list = new ResultList(this.input, (result, elsewhere) => this.take(result, elsewhere));
  private readonly form = make("form", { role: "search", part: "form" }, this.field, this.list.popup);
  private readonly widget = make("div", { class: "widget", part: "widget" }, this.form, this.status, this.message, this.answer);

  private words: Words = wordsOf("en", null).words;
  private typing: number | undefined;
  private waiting: number | undefined;
  private searching = new AbortController();
  private asking = new AbortController();
  private retry = (): void => undefined;
  /** Before this moment, by the clock of the page, the API wants no request. */
  private notBefore = 0;

  constructor() {
    super();
    const shadow = this.attachShadow({ mode: "open", delegatesFocus: true });
    shadow.adoptedStyleSheets = [styleSheet()];
    shadow.append(this.widget);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.answers) void this.ask(this.query);
      else this.searchSoon(0);
    });
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.pressed(event));
    this.input.addEventListener("blur", () => this.list.close());
    this.input.addEventListener("click", () => this.list.open());
    this.clear.addEventListener("click", () => this.reset());
    this.again.addEventListener("click", () => {
      this.input.focus();
      this.retry();
    });
  }

  connectedCallback(): void {
    document.addEventListener("keydown", this.shortcut);
    this.paint();
  }

  disconnectedCallback(): void {
    document.removeEventListener("keydown", this.shortcut);
    this.stop();
  }

  attributeChangedCallback(): void {
    if (this.isConnected) this.paint();
  }

  private get query(): string {
    return this.input.value.trim();
  }

  private get answers(): boolean {
    return this.getAttribute("ask") !== "off";
  }

  private get options(): { limit: number; sourceIds: string[] } {
    const limit = Number.parseInt(this.getAttribute("limit") ?? "", 10);
    return {
      limit: limit >= 1 ? Math.min(limit, MOST_RESULTS) : RESULTS,
      sourceIds: (this.getAttribute("sources") ?? "").split(/[\s,]+/).filter(Boolean),
    };
  }

  private readonly shortcut = (event: KeyboardEvent): void => {
    if (!this.hasAttribute("shortcut") || event.key.toLowerCase() !== "k") return;
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    this.input.focus();
    this.input.select();
  };

  /** Writes the words of the element's language. */
  private paint(): void {
    const tag = languageOf(this);
    const { language, words } = wordsOf(tag, this.getAttribute("strings"));
    this.words = words;
    set(this.widget, { lang: tag.toLowerCase().startsWith(language) ? null : language });
    set(this.input, { "aria-label": words.label, placeholder: words.placeholder });
    set(this.clear, { "aria-label": words.clear, title: words.clear });
    set(this.answer, { "aria-label": words.answer });
    this.asks.textContent = words.ask;
    this.asks.hidden = !this.answers;
    this.again.textContent = words.again;
  }

  private typed(): void {
    const empty = this.input.value === "";
    // An empty field follows the page, so that its placeholder stands on the right side.
    set(this.input, { dir: empty ? null : "auto" });
    this.clear.hidden = empty;
    // What was searched for is no longer asked for, so its answer must not come.
    this.searching.abort();
    set(this.field, { class: "field" });
    if (worthSearching(this.query)) this.searchSoon(DEBOUNCE_MS);
    else {
      clearTimeout(this.typing);
      this.list.forget();
    }
  }

  private pressed(event: KeyboardEvent): void {
    // Keys that choose a word in an input method are its own.
    if (event.isComposing || event.altKey) return;
    if (this.list.press(event.key, event.ctrlKey || event.metaKey)) event.preventDefault();
    else if (event.key === "Escape" && (this.list.isOpen || this.input.value)) {
      event.preventDefault();
      // A dialog around the widget closes at the next Escape, when there is nothing left to close here.
      event.stopPropagation();
      if (this.list.isOpen) this.list.close();
      else this.reset();
    }
  }

  private searchSoon(milliseconds: number): void {
    clearTimeout(this.typing);
    if (!this.query) return;
    const wait = Math.max(milliseconds, this.notBefore - Date.now());
    this.typing = window.setTimeout(() => void this.search(this.query), wait);
  }

  private async search(query: string): Promise<void> {
    this.searching.abort();
    const turn = (this.searching = new AbortController());
    set(this.field, { class: "field busy" });
    try {
      const results = await this.client().search(query, this.options, turn.signal);
      if (turn.signal.aborted) return;
      this.show(results);
      this.tell("search", { query, results: results.length });
    } catch (error) {
      if (turn.signal.aborted) return;
      this.list.forget();
      this.fail(error, () => this.searchSoon(0));
    }
    set(this.field, { class: "field" });
  }

  private show(results: Result[]): void {
    const { words } = this;
    const none = this.answers ? words.none : words.noneSearch;
    this.message.hidden = true;
    this.list.show(results, words, results.length ? (this.answers ? words.hint : filled(words.found, { n: results.length })) : none);
    if (!this.focused) this.list.close();
    this.announce(results.length ? filled(words.found, { n: results.length }) : none);
  }

  private get focused(): boolean {
    return this.shadowRoot?.activeElement === this.input;
  }

  private async ask(question: string): Promise<void> {
    if (!question) return this.input.focus();
    this.stop();
    this.list.forget();
    this.message.hidden = true;
    const turn = (this.asking = new AbortController());
    const { words } = this;
    this.wait(question, words.asking);
    this.waiting = window.setTimeout(() => this.wait(question, words.waiting), PATIENCE_MS);
    try {
      const client = this.client();
      const answer = await client.ask(question, this.options, turn.signal);
      if (turn.signal.aborted) return;
      this.present(client, question, answer);
      this.tell("answer", { question, id: answer.id, found: answer.answer !== null });
    } catch (error) {
      if (turn.signal.aborted) return;
      this.answer.hidden = true;
      this.answer.replaceChildren();
      this.fail(error, () => void this.ask(question));
    } finally {
      if (this.asking === turn) {
        clearTimeout(this.waiting);
        this.answer.ariaBusy = "false";
      }
    }
  }

  private wait(question: string, said: string): void {
    this.answer.replaceChildren(...waitingFor(question, said));
    this.answer.ariaBusy = "true";
    this.answer.hidden = false;
    this.announce(said);
  }

  private present(client: Client, question: string, answer: Answer): void {
    const { words } = this;
    const { signal } = this.asking;
    const frame = {
      words,
      target: this.target,
      tell: answer.id === null ? null : (helpful: boolean) => client.tell(answer.id ?? "", helpful, signal),
      announce: (said: string) => this.announce(said),
    };
    this.answer.replaceChildren(...answered(question, answer, frame));
    const sources = answer.citations.length ? ` ${words.sources}: ${answer.citations.length}` : "";
    this.announce((answer.answer ?? words.notFound) + sources);
  }

  private get target(): string {
    return this.getAttribute("target") ?? "_self";
  }

  /** Opens a result, unless the page does it by itself. One without an address is asked about. */
  private take(result: Result, elsewhere: boolean): void {
    const { sourceId, externalItemId, title, url } = result;
    this.list.close();
    if (!this.tell("select", { sourceId, externalItemId, title, url })) return;
    const address = webAddress(url);
    if (address) {
      const target = elsewhere ? "_blank" : this.target;
      make("a", { href: address.href, target, rel: "noopener" }).click();
    } else if (this.answers && title) {
      this.input.value = title;
      this.clear.hidden = false;
      void this.ask(title);
    }
  }

  private fail(error: unknown, retry: () => void): void {
    const failure = error instanceof Failure ? error : new Failure("failed", 0, "", String(error));
    const seconds = failure.seconds ?? (failure.kind === "limited" ? 10 : 0);
    this.notBefore = failure.kind === "limited" ? Date.now() + seconds * 1000 : 0;
    this.retry = retry;
    this.again.hidden = LASTING.includes(failure.kind);
    this.again.disabled = this.notBefore > 0;
    if (this.again.disabled) setTimeout(() => (this.again.disabled = false), seconds * 1000);
    this.message.hidden = false;
    this.alarm.textContent = filled(this.words[failure.kind], { n: seconds });
    // For whoever sets the page up; a visitor can do nothing about it. A browser hides why a page's origin was refused.
    const hint = `Is the API there, is the whole key copied, and does it allow the origin ${location.origin}?`;
    const said = [failure.status, failure.code, failure.message, failure.kind === "unreachable" && hint];
    console.warn(`<knowledge-widget>: ${said.filter(Boolean).join(" ")}`);
    this.tell("error", { kind: failure.kind, status: failure.status, code: failure.code });
  }

  private client(): Client {
    const key = this.getAttribute("key");
    const api = this.getAttribute("api") ?? apiOf(import.meta.url);
    if (!key) throw new Failure("refused", 0, "", "the attribute `key` is missing");
    if (key.startsWith("sk_")) throw new Failure("refused", 0, "", SECRET_KEY);
    if (!api) throw new Failure("refused", 0, "", "the attribute `api` is missing, and the script is not the API's own");
    return new Client(api.replace(/\/+$/, ""), key);
  }

  private reset(): void {
    this.stop();
    this.input.value = "";
    this.message.hidden = true;
    this.answer.hidden = true;
    this.status.textContent = "";
    this.typed();
    this.input.focus();
  }

  /** Ends whatever is under way; nothing of it comes any more. */
  private stop(): void {
    clearTimeout(this.typing);
    clearTimeout(this.waiting);
    this.searching.abort();
    this.asking.abort();
    set(this.field, { class: "field" });
  }

  private announce(said: string): void {
    this.status.textContent = said;
  }

  private tell(what: string, detail: object): boolean {
    const told = new CustomEvent(`knowledge-${what}`, { bubbles: true, composed: true, cancelable: true, detail });
    return this.dispatchEvent(told);
  }
}

/** Two letters, or one of a script that writes words with few. */
function worthSearching(query: string): boolean {
  return query.length > 1 || /[^\x00-\x7f]/.test(query);
}

/** Returns where the API is that served this file: what stands before `/site/` in its address. */
function apiOf(script: string): string | null {
  const { origin, pathname } = new URL(script);
  const at = pathname.indexOf("/site/");
  return at < 0 ? null : origin + pathname.slice(0, at);
}

/** Returns the language that holds for an element, across the borders of shadow trees; else the browser's. */
function languageOf(element: Element): string {
  for (let at: Element | null = element; at; ) {
    const found: Element | null = at.closest("[lang]");
    if (found) return found.getAttribute("lang") || "en";
    const root: Node = at.getRootNode();
    at = root instanceof ShadowRoot ? root.host : null;
  }
  return navigator.language;
}
