/** Activity: who changed what, how much each key asks, and how near that is to its limits. */

import { t } from "../../messages/index.js";
import { filter, place } from "../../routes.js";
import { scopes } from "../../session.js";
import { Notice } from "../../ui/chip.js";
import "../../changes/changes.css";
import { AuditTrail } from "./audit_trail.js";
import { Usage } from "./usage.js";
import "./activity.css";

const VIEWS = ["audit", "usage"] as const;

export default function Activity() {
  const view = VIEWS.find((each) => each === place.value.query["view"]) ?? "audit";
  return (
    <>
      <header class="head"><div><h1>{t("nav.activity")}</h1><p>{t("activity.lead")}</p></div></header>
      <div class="stack">
        <div class="row kinds" role="group" aria-label={t("activity.views")}>
          {VIEWS.map((each) => (
            <button type="button" class="pill" key={each} aria-pressed={each === view} onClick={() => filter({ view: each })}>
              {t(`activity.view.${each}`)}
            </button>
          ))}
        </div>
        {!scopes.value.has("audit:read")
          ? <Notice tone="info">{t("scope.needed", { scope: "audit:read" })}</Notice>
          : view === "audit" ? <AuditTrail /> : <Usage />}
      </div>
    </>
  );
}
