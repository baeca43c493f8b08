/** Search & questions: what is found and answered live, and what people asked without finding it. */

import { t } from "../../messages/index.js";
import { filter, place } from "../../routes.js";
import "../../changes/changes.css";
import "../review/review.css";
import { Asked } from "./asked.js";
import { TryIt } from "./try_it.js";
import { Unanswered } from "./unanswered.js";
import "./search.css";

const VIEWS = ["try", "unanswered", "asked"] as const;

export default function Search() {
  const { query } = place.value;
  const view = query["question"] ? "asked" : (VIEWS.find((each) => each === query["view"]) ?? "try");
  return (
    <>
      <header class="head"><div><h1>{t("search.title")}</h1><p>{t("search.lead")}</p></div></header>
      <div class="stack">
        <div class="row kinds" role="group" aria-label={t("search.views")}>
          {VIEWS.map((each) => (
            <button type="button" class="pill" key={each} aria-pressed={each === view} onClick={() => filter({ view: each, question: undefined })}>
              {t(`search.view.${each}`)}
            </button>
          ))}
        </div>
        {view === "try" ? <TryIt /> : view === "unanswered" ? <Unanswered /> : <Asked />}
      </div>
    </>
  );
}
