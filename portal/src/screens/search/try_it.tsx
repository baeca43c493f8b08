/** Asks what is live: hits with the words marked, or an answer with the sentences that it quotes. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { href } from "../../routes.js";
import { nameOf, sources } from "../../sources.js";
import { announce } from "../../ui/announce.js";
import { Action } from "../../ui/button.js";
import { Failure } from "../../ui/failure.js";
import { Marked } from "../../ui/marked.js";
import { Answer } from "./answer.js";

const SHOWN = 20;

export function TryIt() {
  const [text, setText] = useState("");
  const [source, setSource] = useState("");
  const [found, setFound] = useState<models.SearchPage>();
  const [answer, setAnswer] = useState<models.AnswerResponse>();
  const [error, setError] = useState<unknown>();
  const wanted = source === "" ? {} : { sourceIds: [source] };
  const doing = (work: (asked: string) => Promise<string>) => async (): Promise<void> => {
    const asked = text.trim();
    if (asked === "") return;
    setError(undefined);
    setFound(undefined);
    setAnswer(undefined);
    try {
      announce(await work(asked));
    } catch (failure) {
      setError(failure);
    }
  };
  const search = doing(async (query) => {
    const page = await api().search({ query, limit: SHOWN, ...wanted });
    setFound(page);
    return t("search.found", { n: page.results.length });
  });
  const ask = doing(async (question) => {
    const told = await api().ask({ question, ...wanted });
    setAnswer(told);
    return t(told.answer === null ? "search.no_answer" : "search.answered");
  });
  return (
    <>
      <form class="card row search-form" role="search" aria-label={t("search.title")} onSubmit={(event) => (event.preventDefault(), void search())}>
        <input type="text" dir="auto" maxLength={1000} aria-label={t("search.words")} placeholder={t("search.placeholder")} value={text} onInput={(event) => setText(event.currentTarget.value)} />
        <select aria-label={t("nav.source")} value={source} onChange={(event) => setSource(event.currentTarget.value)}>
          <option value="">{t("search.all_sources")}</option>
          {(sources.value ?? []).map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
        </select>
        <Action kind="main" icon="search" scope="search:read" onPress={search}>{t("search.go")}</Action>
        <Action scope="answers:read" onPress={ask}>{t("search.ask")}</Action>
      </form>
      <Failure error={error} />
      {answer && <Answer key={answer.id} answer={answer} />}
      {found && <Hits results={found.results} />}
    </>
  );
}

function Hits({ results }: { results: readonly models.SearchResult[] }) {
  if (results.length === 0) return <div class="card empty"><h2>{t("search.nothing")}</h2><p class="quiet">{t("search.nothing_lead")}</p></div>;
  return (
    <section class="card stack answers" aria-label={t("search.hits")}>
      <h2>{t("search.found", { n: results.length })}</h2>
      <ol>
        {results.map((each) => (
          <li key={`${each.sourceId} ${each.externalItemId}`}>
            <a href={href("content", [each.sourceId, each.externalItemId])} dir="auto"><Marked text={each.title || each.externalItemId} places={each.title ? each.highlights.title : []} /></a>
            <p class="small" dir="auto"><Marked text={each.snippet} places={each.highlights.snippet} /></p>
            <p class="small quiet"><code dir="auto">{each.externalItemId}</code> · <span dir="auto">{nameOf(each.sourceId)}</span></p>
          </li>
        ))}
      </ol>
    </section>
  );
}
