/** The keys of the tenant, filtered and ordered as the address says. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { type MessageKey, number, t } from "../../messages/index.js";
import { filter, href, place } from "../../routes.js";
import { sources } from "../../sources.js";
import { Action } from "../../ui/button.js";
import { Chip } from "../../ui/chip.js";
import { Failure } from "../../ui/failure.js";
import { useLoaded } from "../../ui/load.js";
import { namesOf } from "../../ui/source_picker.js";
import { When } from "../../ui/when.js";
import { CreateKey } from "./create_key.js";
import { Hints } from "./hints.js";
import { Invite } from "./invite.js";
import { Leaked } from "./leaked.js";
import { SCOPES, STATUS_TONES, STATUSES } from "./scopes.js";

const COLUMNS: readonly MessageKey[] = [
  "keys.name", "keys.status", "keys.scopes", "keys.sources", "keys.limit", "keys.created", "keys.used", "keys.expires",
];

/** So many scopes are told without being asked for. */
const FEW = 3;

export function KeyList({ may }: {
  /** Whether the session may see keys at all; the deeds stay in place, and say why not. */
  may: boolean;
}) {
  const { status, scope, source, sort } = place.value.query;
  const [open, setOpen] = useState<"create" | "leaked" | "invite" | null>(null);
  const query = {
    ...pick("status", STATUSES.find((each) => each === status)),
    ...pick("scope", SCOPES.find((each) => each === scope)),
    ...pick("sourceId", source),
  };
  const { value, error, loading, again } = useLoaded(
    async (signal) => (may ? api().keys.list({ ...query, signal }).toArray() : []),
    [query, may],
  );
  const close = (): void => setOpen(null);
  const keys = sort === "used" ? [...(value ?? [])].sort((a, b) => (a.lastUsedAt ?? "").localeCompare(b.lastUsedAt ?? "")) : value ?? [];
  return (
    <>
      <header class="head">
        <div><h1>{t("keys.title")}</h1><p>{t("keys.lead")}</p></div>
        <div class="row">
          <Action scope="keys:manage" icon="search" onPress={() => setOpen("leaked")}>{t("keys.leaked")}</Action>
          <Action scope="keys:manage" onPress={() => setOpen("invite")}>{t("keys.invite")}</Action>
          <Action scope="keys:manage" kind="main" icon="plus" onPress={() => setOpen("create")}>{t("keys.create")}</Action>
        </div>
      </header>
      {may && (
        <div class="stack">
          <Filters />
          <Failure error={error} again={again} />
          {value === undefined && loading && <p class="quiet" aria-busy="true">{t("app.loading")}</p>}
          {value?.length === 0 && <div class="card empty"><h2>{t("keys.none")}</h2></div>}
          {keys.length > 0 && <Table keys={keys} />}
        </div>
      )}
      {open === "create" && <CreateKey onClose={close} onDone={again} />}
      {open === "leaked" && <Leaked onClose={close} onDone={again} />}
      {open === "invite" && <Invite onClose={close} />}
    </>
  );
}

function Filters() {
  const { status, scope, source, sort } = place.value.query;
  return (
    <div class="row filters">
      <Filter name="status" label={t("keys.status")} value={status} options={STATUSES.map((each) => [each, t(`key_status.${each}`)])} />
      <Filter name="scope" label={t("keys.scope")} value={scope} options={SCOPES.map((each) => [each, each])} />
      <Filter name="source" label={t("keys.source")} value={source} options={(sources.value ?? []).map((each) => [each.id, each.name])} />
      <label class="field"><span>{t("keys.sort")}</span>
        <select value={sort ?? ""} onChange={(event) => filter({ sort: event.currentTarget.value })}>
          <option value="">{t("keys.sort_new")}</option>
          <option value="used">{t("keys.sort_used")}</option>
        </select>
      </label>
    </div>
  );
}

function Filter({ name, label, value, options }: {
  name: string;
  label: string;
  value: string | undefined;
  options: readonly (readonly [string, string])[];
}) {
  return (
    <label class="field"><span>{label}</span>
      <select value={value ?? ""} onChange={(event) => filter({ [name]: event.currentTarget.value })}>
        <option value="">{t("keys.any")}</option>
        {options.map(([each, word]) => <option value={each} key={each}>{word}</option>)}
      </select>
    </label>
  );
}

// On a narrow screen rows become blocks, which takes from a table what it is: hence the roles.
function Table({ keys }: { keys: readonly models.Key[] }) {
  return (
    <div class="table" tabIndex={0} role="region" aria-label={t("keys.table")}>
      <table role="table" class="keys">
        <thead role="rowgroup">
          <tr role="row">{COLUMNS.map((each) => <th role="columnheader" scope="col" key={each}>{t(each)}</th>)}</tr>
        </thead>
        <tbody role="rowgroup">{keys.map((key) => <Row key={key.id} of={key} />)}</tbody>
      </table>
    </div>
  );
}

function Row({ of: key }: { of: models.Key }) {
  const cells = [
    <><a href={href("keys", [key.id])} dir="auto"><strong>{key.name}</strong></a><br /><code class="small quiet">{key.id}</code> {key.environment === "test" && <Chip tone="info">{t("environment.test")}</Chip>} <Hints of={key} /></>,
    <Chip tone={STATUS_TONES[key.status]}>{t(`key_status.${key.status}`)}</Chip>,
    <Scopes of={key} />,
    <span dir="auto">{namesOf(key.sourceIds)}</span>,
    number(key.rateLimitPerMinute),
    <span dir="auto"><When at={key.createdAt} style="day" /> {key.createdBy ? t("by", { name: key.createdBy.name }) : t("by.system")}</span>,
    <When at={key.lastUsedAt} style="ago" />,
    <When at={key.expiresAt} style="day" />,
  ];
  return (
    <tr role="row">
      {cells.map((cell, column) => <td role="cell" data-label={t(COLUMNS[column]!)} key={column}>{cell}</td>)}
    </tr>
  );
}

/** Many scopes would make a row higher than the page: they are counted, and told on demand. */
function Scopes({ of: { scopes } }: { of: models.Key }) {
  const all = <div class="row scopes">{scopes.map((each) => <code class="chip" key={each}>{each}</code>)}</div>;
  if (scopes.length <= FEW) return all;
  return <details><summary>{t("keys.scopes_count", { n: scopes.length })}</summary>{all}</details>;
}

function pick<Name extends string, Value>(name: Name, value: Value | undefined): { [Each in Name]?: Value } {
  return value === undefined ? {} : { [name]: value } as { [Each in Name]: Value };
}
