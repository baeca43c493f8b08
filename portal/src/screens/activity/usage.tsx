/** What is served, how much each key asked day by day, and its limits beside it. */

import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { bytes, number, t } from "../../messages/index.js";
import { href } from "../../routes.js";
import { scopes } from "../../session.js";
import { Notice } from "../../ui/chip.js";
import { Failure } from "../../ui/failure.js";
import { useLoaded } from "../../ui/load.js";
import { days, daysAgo, Period } from "../../ui/period.js";
import { DayBars } from "./day_bars.js";

/** Counts are kept for 62 days; a period begins with a whole day. */
const PERIODS = [7, 30, 61];

interface Told {
  readonly served: models.UsagePage["served"];
  readonly keys: readonly models.KeyUsage[];
  /** By their ids; null where the session may not read keys. */
  readonly limits: ReadonlyMap<string, models.Key> | null;
}

export function Usage() {
  const period = days(PERIODS);
  const { value, error, again } = useLoaded((signal) => readUsage(dayOf(daysAgo(period - 1)), signal), [period]);
  return (
    <>
      <div class="row"><Period periods={PERIODS} /></div>
      <Failure error={error} again={again} />
      {value === undefined && error === undefined && <p class="quiet" aria-busy="true">{t("app.loading")}</p>}
      {value && <Shown told={value} period={period} />}
    </>
  );
}

function Shown({ told: { served, keys, limits }, period }: { told: Told; period: number }) {
  const shown = Array.from({ length: period }, (_, back) => dayOf(daysAgo(period - 1 - back)));
  // A key that was replaced counts once, with the one that replaced it.
  const live = [...(limits?.values() ?? [])].filter((each) => ["active", "disabled"].includes(each.status) && each.rotatedTo === null);
  return (
    <>
      <dl class="strip">
        <div><dt>{t("usage.sources")}</dt><dd>{number(served.sources)}</dd></div>
        <div><dt>{t("usage.items")}</dt><dd>{number(served.items)}</dd></div>
        <div><dt>{t("usage.size")}</dt><dd>{bytes(served.contentBytes)}</dd></div>
        {limits && <div><dt>{t("usage.together")}</dt><dd>{t("usage.a_minute", { n: live.reduce((sum, each) => sum + each.rateLimitPerMinute, 0) })}</dd></div>}
      </dl>
      {limits === null && <Notice tone="info">{t("usage.no_limits")}</Notice>}
      <div class="table" role="region" aria-label={t("activity.view.usage")} tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t("subject.keyId")}</th>
              <th scope="col">{t("usage.requests")}</th>
              <th scope="col">{t("usage.by_day")}</th>
              <th scope="col">{t("usage.answers")}</th>
              <th scope="col">{t("usage.today")}</th>
              <th scope="col">{t("usage.limit")}</th>
            </tr>
          </thead>
          <tbody>{keys.map((each) => <Row key={each.keyId} usage={each} limits={limits?.get(each.keyId)} shown={shown} />)}</tbody>
        </table>
      </div>
    </>
  );
}

function Row({ usage, limits, shown }: { usage: models.KeyUsage; limits: models.Key | undefined; shown: readonly string[] }) {
  const today = usage.days.find((each) => each.day === shown.at(-1)) ?? { requests: 0, answers: 0 };
  return (
    <tr>
      <th scope="row"><a href={href("keys", [usage.keyId])} dir="auto">{usage.name}</a></th>
      <td>{number(usage.requests)}</td>
      <td><DayBars days={usage.days} shown={shown} /></td>
      <td>{number(usage.answers)}</td>
      <td>
        <Share label="usage.requests" used={today.requests} of={limits?.requestsPerDay} />
        <Share label="usage.answers" used={today.answers} of={limits?.answersPerDay} />
      </td>
      <td>{limits ? t("usage.a_minute", { n: limits.rateLimitPerMinute }) : "–"}</td>
    </tr>
  );
}

/** What of a day's budget is used; without a budget the number alone. */
function Share({ label, used, of }: { label: "usage.requests" | "usage.answers"; used: number; of: number | null | undefined }) {
  return (
    <div class="share">
      <span>{t(label)}: {of ? t("usage.used_of", { used, of }) : number(used)}</span>
      {of ? <progress aria-label={t(label)} value={Math.min(used, of)} max={of} /> : null}
    </div>
  );
}

async function readUsage(since: string, signal: AbortSignal): Promise<Told> {
  const [pages, limits] = await Promise.all([
    readPages(since, signal),
    scopes.value.has("keys:manage") ? api().keys.list({ signal }).toArray() : null,
  ]);
  return {
    served: pages[0]!.served,
    keys: pages.flatMap((each) => each.keys).sort((a, b) => b.requests - a.requests),
    limits: limits && new Map(limits.map((each) => [each.id, each])),
  };
}

async function readPages(since: string, signal: AbortSignal): Promise<models.UsagePage[]> {
  const pages: models.UsagePage[] = [];
  for await (const page of api().usage({ since, signal }).answers()) pages.push(page as unknown as models.UsagePage);
  return pages;
}

/** The day (UTC) of a moment. */
function dayOf(moment: string): string {
  return moment.slice(0, 10);
}
