/** Changes, the newest first: of a period, a key, a kind; or those of one request, whenever it was. */

import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { filter, href, place } from "../../routes.js";
import { Failure } from "../../ui/failure.js";
import { useLoaded } from "../../ui/load.js";
import { More } from "../../ui/more.js";
import { usePages } from "../../ui/pages.js";
import { days, daysAgo, Period } from "../../ui/period.js";
import { Entry } from "./entry.js";
import { GROUPS, KINDS, kindsOf } from "./kinds.js";

const PAGE = 50;
/** The audit is kept for 400 days. */
const PERIODS = [1, 7, 30, 90, 400];

/** What keys are called, by their ids. */
export type Names = ReadonlyMap<string, string>;

export function AuditTrail() {
  const { query } = place.value;
  const request = query["requestId"];
  const by = query["by"];
  const kind = KINDS.find((each) => each === query["kind"]);
  const period = days(PERIODS);
  const names = useLoaded(readNames, []).value ?? new Map<string, string>();
  const pages = usePages((signal) => {
    const wanted = request ? { requestId: request } : { since: daysAgo(period), ...(by && { keyId: by }), ...(kind && { kind }) };
    return api().keys.audit({ ...wanted, limit: PAGE, signal });
  }, [request, by, kind, period]);
  const { entries, complete, loading, error, again } = pages;
  return (
    <>
      {request === undefined ? <><Filters by={by} kind={kind} names={names} /><p class="small quiet">{t("activity.pushes")}</p></> : (
        <p dir="auto"><a href={href("activity")}>← {t("activity.all")}</a> · {t("activity.of_request")} <code>{request}</code></p>
      )}
      <Failure error={error} again={again} />
      {entries.length === 0 && loading && <p class="quiet" aria-busy="true">{t("app.loading")}</p>}
      {entries.length === 0 && complete && error === undefined && (
        <div class="card empty">
          <h2>{t("activity.none")}</h2>
          {request !== undefined && <p class="quiet">{t("activity.none_of_request")}</p>}
        </div>
      )}
      {entries.length > 0 && (
        <ul class="lines" aria-label={t("activity.view.audit")}>
          {entries.map((each) => <Entry key={each.id} entry={each} names={names} begin={request !== undefined} />)}
        </ul>
      )}
      <More pages={pages} page={PAGE} />
    </>
  );
}

function Filters({ by, kind, names }: { by: string | undefined; kind: string | undefined; names: Names }) {
  return (
    <div class="row filters">
      <Period periods={PERIODS} />
      <label class="field">
        <span>{t("activity.by")}</span>
        <select value={by ?? ""} onChange={(event) => filter({ by: event.currentTarget.value })}>
          <option value="">{t("activity.anybody")}</option>
          {by !== undefined && !names.has(by) && <option value={by}>{by}</option>}
          {[...names].map(([id, name]) => <option key={id} value={id}>{name}</option>)}
        </select>
      </label>
      <label class="field">
        <span>{t("activity.kind")}</span>
        <select value={kind ?? ""} onChange={(event) => filter({ kind: event.currentTarget.value })}>
          <option value="">{t("activity.anything")}</option>
          {GROUPS.map((group) => (
            <optgroup key={group} label={t(`audit_of.${group}`)}>
              {kindsOf(group).map((each) => <option key={each} value={each}>{t(`audit.${each}`)}</option>)}
            </optgroup>
          ))}
        </select>
      </label>
    </div>
  );
}

/** Usage names every key to whoever may read the audit; the list of keys takes a right of its own. */
async function readNames(signal: AbortSignal): Promise<Names> {
  const keys = await api().usage({ signal }).toArray();
  return new Map(keys.map((each) => [each.keyId, each.name]));
}
