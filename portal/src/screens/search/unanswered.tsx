/** Questions that found no answer, those asked most first: what is missing in the contents. */

import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { scopes } from "../../session.js";
import { nameOf } from "../../sources.js";
import { Notice } from "../../ui/chip.js";
import { Failure } from "../../ui/failure.js";
import { More } from "../../ui/more.js";
import { usePages } from "../../ui/pages.js";
import { days, daysAgo, Period } from "../../ui/period.js";
import { When } from "../../ui/when.js";

const PAGE = 50;

export function Unanswered() {
  if (!scopes.value.has("answers:manage")) return <Notice tone="info">{t("scope.needed", { scope: "answers:manage" })}</Notice>;
  return <Groups />;
}

function Groups() {
  const period = days();
  const pages = usePages((signal) => api().questions.unanswered({ since: daysAgo(period), limit: PAGE, signal }), [period]);
  const { entries, complete, error, again, loading } = pages;
  return (
    <>
      <div class="row"><Period /></div>
      <Failure error={error} again={again} />
      {entries.length === 0 && loading && <p class="quiet" aria-busy="true">{t("app.loading")}</p>}
      {entries.length === 0 && complete && error === undefined && <NoQuestions />}
      {entries.length > 0 && (
        <ul class="lines" aria-label={t("search.view.unanswered")}>
          {entries.map((each) => (
            <li class="line" key={`${each.form} ${each.lastAskedAt}`}>
              <span class="grow">
                <strong dir="auto">{each.text}</strong>
                <span class="small quiet" dir="auto">{each.sourceIds.map(nameOf).join(", ")}</span>
              </span>
              <span class="small">{t("search.times", { n: each.count })}</span>
              <span class="small quiet"><When at={each.lastAskedAt} style="ago" /></span>
            </li>
          ))}
        </ul>
      )}
      <More pages={pages} page={PAGE} />
    </>
  );
}

export function NoQuestions() {
  return <div class="card empty"><h2>{t("search.none_asked")}</h2><p class="quiet">{t("search.none_asked_lead")}</p></div>;
}
