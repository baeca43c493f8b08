/** An answer as it would go out, the sentences that it quotes, and whether it helps. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { number, t } from "../../messages/index.js";
import { href } from "../../routes.js";
import { announce } from "../../ui/announce.js";
import { Action } from "../../ui/button.js";
import { Chip } from "../../ui/chip.js";
import { Failure } from "../../ui/failure.js";

export function Answer({ answer }: { answer: models.AnswerResponse }) {
  return (
    <section class="card stack answers" aria-label={t("search.answer")}>
      <div class="row">
        <h2 class="grow">{t("search.answer")}</h2>
        <Chip tone={answer.answer === null ? "warn" : "good"}>{t(answer.answer === null ? "search.no_answer" : "search.answered")}</Chip>
      </div>
      {answer.answer === null ? <p>{t("search.no_answer_lead")}</p> : <p class="answer" dir="auto">{answer.answer}</p>}
      {answer.citations.length > 0 && (
        <ol aria-label={t("search.quotes")}>
          {answer.citations.map((each) => (
            <li key={each.n}>
              <a href={href("content", [each.sourceId, each.externalItemId])} dir="auto">[{number(each.n)}] {each.title || each.externalItemId}</a>
              <blockquote class="small" dir="auto">{each.quote}</blockquote>
              <code class="small quiet" dir="auto">{each.externalItemId}</code>
            </li>
          ))}
        </ol>
      )}
      {answer.feedback && <Opinion id={answer.id} />}
    </section>
  );
}

function Opinion({ id }: { id: string }) {
  const [given, setGiven] = useState<boolean>();
  const [error, setError] = useState<unknown>();
  const give = (helpful: boolean) => async (): Promise<void> => {
    setError(undefined);
    try {
      await api().giveFeedback(id, { helpful });
      setGiven(helpful);
      announce(t("feedback.kept"));
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <>
      <div class="row">
        <span class="small quiet">{given === undefined ? t("feedback.question") : t("feedback.kept")}</span>
        <Action scope="answers:read" onPress={give(true)}>{t("feedback.helpful")}</Action>
        <Action scope="answers:read" onPress={give(false)}>{t("feedback.unhelpful")}</Action>
      </div>
      <Failure error={error} />
    </>
  );
}
