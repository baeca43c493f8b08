/** What was asked and searched for, what came of it, and what people said of the answers. */

import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { filter, href, place } from "../../routes.js";
import { scopes } from "../../session.js";
import { nameOf } from "../../sources.js";
import { Chip, Notice } from "../../ui/chip.js";
import { Failure } from "../../ui/failure.js";
import { useLoaded } from "../../ui/load.js";
import { More } from "../../ui/more.js";
import { usePages } from "../../ui/pages.js";
import { days, daysAgo, Period } from "../../ui/period.js";
import { When } from "../../ui/when.js";
import { NoQuestions } from "./unanswered.js";

const PAGE = 50;
/** So far back a single question is looked for. */
const LOOKED_AT = 2000;
const OPINIONS = ["helpful", "unhelpful"] as const;

export function Asked() {
  if (!scopes.value.has("answers:manage")) return <Notice tone="info">{t("scope.needed", { scope: "answers:manage" })}</Notice>;
  const one = place.value.query["question"];
  return one === undefined ? <All /> : <One key={one} id={one} />;
}

function All() {
  const period = days();
  const feedback = OPINIONS.find((each) => each === place.value.query["feedback"]);
  const pages = usePages(
    (signal) => api().questions.list({ since: daysAgo(period), limit: PAGE, signal, ...(feedback && { feedback }) }),
    [period, feedback],
  );
  const { entries, complete, error, again, loading } = pages;
  return (
    <>
      <div class="row">
        <Period />
        <label class="field">
          <span>{t("feedback.title")}</span>
          <select value={feedback ?? ""} onChange={(event) => filter({ feedback: event.currentTarget.value })}>
            <option value="">{t("search.any")}</option>
            {OPINIONS.map((each) => <option key={each} value={each}>{t(`feedback.${each}`)}</option>)}
          </select>
        </label>
      </div>
      <Failure error={error} again={again} />
      {entries.length === 0 && loading && <p class="quiet" aria-busy="true">{t("app.loading")}</p>}
      {entries.length === 0 && complete && error === undefined && <NoQuestions />}
      {entries.length > 0 && <ul class="lines" aria-label={t("search.view.asked")}>{entries.map((each) => <Line key={each.id} question={each} />)}</ul>}
      <More pages={pages} page={PAGE} />
    </>
  );
}

function One({ id }: { id: string }) {
  const { value, error, again } = useLoaded((signal) => findQuestion(id, signal), [id]);
  return (
    <>
      <Failure error={error} again={again} />
      {value && <ul class="lines" aria-label={t("search.view.asked")}><Line question={value} /></ul>}
      {value === null && <Notice tone="info">{t("search.question_gone")} <code>{id}</code></Notice>}
    </>
  );
}

function Line({ question: { id, text, status, sourceIds, cited, feedback, askedAt } }: { question: models.Question }) {
  const good = status === "answered" || status === "found";
  return (
    <li class="line">
      <div class="grow">
        <strong dir="auto">{text}</strong>
        <span class="small quiet" dir="auto"><When at={askedAt} /> · {sourceIds.map(nameOf).join(", ")}</span>
        {cited.length > 0 && (
          <span class="small row" dir="auto">
            {cited.map((each) => <a key={`${each.sourceId} ${each.externalItemId}`} href={href("content", [each.sourceId, each.externalItemId])}>{each.externalItemId}</a>)}
          </span>
        )}
        {feedback && (
          <p class="small opinion">
            <Chip tone={feedback.helpful ? "good" : "bad"}>{t(feedback.helpful ? "feedback.helpful" : "feedback.unhelpful")}</Chip>{" "}
            <span dir="auto">{feedback.comment}</span>
          </p>
        )}
        <code class="small quiet">{id}</code>
      </div>
      <Chip tone={good ? "good" : "warn"}>{t(`asked.${status}`)}</Chip>
    </li>
  );
}

async function findQuestion(id: string, signal: AbortSignal): Promise<models.Question | null> {
  let looked = 0;
  for await (const each of api().questions.list({ limit: 200, signal })) {
    if (each.id === id) return each;
    if ((looked += 1) === LOOKED_AT) break;
  }
  return null;
}
