/** The answer to a question: its text, the sources it rests on, and whether it helped. */

import type { Answer, Citation } from "./client";
import { make, webAddress } from "./dom";
import { filled, type Words } from "./words";

export interface Frame {
  words: Words;
  /** Where links open. */
  target: string;
  /** Sends whether the answer helped; null when nobody takes it. Resolves to false when the API takes none. */
  tell: ((helpful: boolean) => Promise<boolean>) | null;
  announce: (said: string) => void;
}

/** Returns what is shown while an answer is looked for. */
export function waitingFor(question: string, said: string): Node[] {
  return [asked(question), make("p", { class: "wait", part: "wait", dir: "auto" }, said)];
}

/** Returns an answer with its sources, or that there is none. */
export function answered(question: string, answer: Answer, frame: Frame): Node[] {
  const { words } = frame;
  if (answer.answer === null) {
    return [asked(question), make("p", { class: "text own", part: "not-found", dir: "auto" }, words.notFound)];
  }
  const shown: Node[] = [
    asked(question),
    make("p", { class: "text", part: "text", dir: "auto" }, ...withNumbers(answer.answer, answer.citations, frame)),
  ];
  if (answer.citations.length) {
    shown.push(
      make("p", { class: "heading", part: "heading", id: "sources" }, words.sources),
      make(
        "ol",
        { part: "citations", "aria-labelledby": "sources" },
        ...answer.citations.map((each) => citation(each, frame)),
      ),
    );
  }
  if (answer.id && frame.tell) shown.push(feedback(frame.tell, frame));
  return shown;
}

function asked(question: string): HTMLElement {
  return make("p", { class: "question", part: "question", dir: "auto" }, question);
}

/** Puts a link to the source where the text has its number in brackets; behind the text, when it has none. */
function withNumbers(text: string, citations: Citation[], frame: Frame): (Node | string)[] {
  const known = new Map(citations.map((each) => [each.number, each]));
  let placed = false;
  const pieces = text.split(/\[(\d{1,3})\]/).map((piece, index) => {
    if (index % 2 === 0) return piece;
    const found = known.get(Number(piece));
    placed ||= found !== undefined;
    return found ? reference(found, frame) : `[${piece}]`;
  });
  return placed ? pieces : [text, ...citations.map((each) => reference(each, frame))];
}

function reference(citation: Citation, frame: Frame): HTMLElement {
  const shown = `[${citation.number}]`;
  const address = webAddress(citation.url);
  if (!address) return make("sup", { part: "reference" }, shown);
  const label = filled(frame.words.source, { n: citation.number, title: citation.title || frame.words.untitled });
  const link = make("a", { ...leading(address, frame), "aria-label": label }, shown);
  return make("sup", { part: "reference" }, link);
}

function citation(citation: Citation, frame: Frame): HTMLElement {
  const address = webAddress(citation.url);
  const title = citation.title || frame.words.untitled;
  const body = make("div", { class: "body" });
  if (address) {
    body.append(
      make("a", { class: "title", part: "link", dir: "auto", ...leading(address, frame) }, title),
      make("span", { class: "host", part: "host", dir: "ltr" }, address.host),
    );
  } else {
    body.append(make("span", { class: "title", dir: "auto" }, title));
  }
  if (citation.quote) body.append(make("blockquote", { class: "quote", part: "quote", dir: "auto" }, citation.quote));
  const number = make("span", { class: "number", "aria-hidden": "true" }, `${citation.number}.`);
  return make("li", { class: "citation", part: "citation" }, number, body);
}

function leading(address: URL, frame: Frame): Record<string, string> {
  return { href: address.href, target: frame.target, rel: "noopener" };
}

function feedback(tell: (helpful: boolean) => Promise<boolean>, frame: Frame): HTMLElement {
  const { words } = frame;
  const row = make("div", { class: "feedback", part: "feedback", role: "group", "aria-label": words.helpful });
  const said = make("p", { tabindex: "-1", dir: "auto" }, words.helpful);
  const buttons = [true, false].map((helpful) => {
    const button = make("button", { type: "button", class: "plain", part: "button" }, helpful ? words.yes : words.no);
    button.addEventListener("click", () => void send(helpful));
    return button;
  });
  // They stay side by side where there is no room for them behind the question.
  const choice = make("div", { class: "choice" }, ...buttons);
  const send = async (helpful: boolean): Promise<void> => {
    // Not by `disabled`, which would take the focus away.
    if (row.ariaBusy === "true") return;
    row.ariaBusy = "true";
    try {
      const taken = await tell(helpful);
      said.textContent = taken ? words.thanks : "";
      said.focus();
      choice.remove();
      if (!taken) row.remove();
    } catch {
      said.textContent = words.helpfulFailed;
    }
    row.ariaBusy = "false";
    frame.announce(said.textContent);
  };
  row.append(said, choice);
  return row;
}
