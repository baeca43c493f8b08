/** One key: what it may, who uses it, and all that can be done with it. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { number, t } from "../../messages/index.js";
import { go, href } from "../../routes.js";
import { announce } from "../../ui/announce.js";
import { Action } from "../../ui/button.js";
import { Chip, Notice } from "../../ui/chip.js";
import { Failure } from "../../ui/failure.js";
import { useLoaded } from "../../ui/load.js";
import { namesOf } from "../../ui/source_picker.js";
import { When } from "../../ui/when.js";
import { EditKey } from "./edit_key.js";
import { Hints } from "./hints.js";
import { RevokeKey } from "./revoke_key.js";
import { RotateKey } from "./rotate_key.js";
import { Rotation } from "./rotation.js";
import { over, STATUS_TONES } from "./scopes.js";
import { Sessions } from "./sessions.js";

interface Told {
  readonly key: models.Key;
  readonly before: models.Key | null;
  readonly after: models.Key | null;
}

export function KeyPage({ id }: { id: string }) {
  const { value, error, again } = useLoaded((signal) => readKey(id, signal), [id]);
  return (
    <>
      <a class="back small" href={href("keys")}>← {t("keys.all")}</a>
      <Failure error={error} again={again} />
      {value === undefined && error === undefined && <p class="quiet" aria-busy="true">{t("app.loading")}</p>}
      {value && <Known told={value} again={again} />}
    </>
  );
}

function Known({ told: { key, before, after }, again }: { told: Told; again: () => void }) {
  const [open, setOpen] = useState<"edit" | "rotate" | "revoke" | null>(null);
  const [error, setError] = useState<unknown>();
  const done = (said: string): void => {
    setOpen(null);
    announce(said);
    again();
  };
  const turn = async (): Promise<void> => {
    setError(undefined);
    try {
      await api().keys.update(key.id, { enabled: !key.enabled });
      done(t(key.enabled ? "key.disabled" : "key.enabled"));
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <div class="stack">
      <header class="head key-head">
        <div><h1 dir="auto">{key.name}</h1>{key.description && <p dir="auto">{key.description}</p>}</div>
        <Chip tone={STATUS_TONES[key.status]}>{t(`key_status.${key.status}`)}</Chip>
        {!over(key) && (
          <div class="row">
            <Action scope="keys:manage" onPress={() => setOpen("edit")}>{t("edit_key.do")}</Action>
            <Action scope="keys:manage" icon="refresh" onPress={() => setOpen("rotate")}>{t("rotate.do")}</Action>
            <Action scope="keys:manage" onPress={turn}>{t(key.enabled ? "key.disable" : "key.enable")}</Action>
            <Action scope="keys:manage" kind="danger" onPress={() => setOpen("revoke")}>{t("revoke.do")}</Action>
          </div>
        )}
      </header>
      <Failure error={error} />
      {key.status === "disabled" && <Notice tone="warn">{t("key.disabled")}</Notice>}
      {over(key) && <Notice tone="still">{t("key.ended")}</Notice>}
      {open === "edit" ? <EditKey of={key} onClose={() => setOpen(null)} onDone={() => done(t("edit_key.done"))} /> : <Facts of={key} />}
      {before && <Rotation old={before} next={key} again={again} />}
      {after && <Rotation old={key} next={after} again={again} />}
      <Sessions keyId={key.id} />
      {open === "rotate" && (
        <RotateKey
          of={key}
          onClose={(made) => {
            setOpen(null);
            if (made !== null) go(href("keys", [made.id]));
          }}
        />
      )}
      {open === "revoke" && <RevokeKey of={key} onClose={() => setOpen(null)} onDone={() => done(t("revoke.done"))} />}
    </div>
  );
}

function Facts({ of: key }: { of: models.Key }) {
  return (
    <dl class="card facts">
      <dt>{t("keys.id")}</dt><dd><code>{key.id}</code> <Hints of={key} /></dd>
      <dt>{t("keys.environment")}</dt><dd>{t(`environment.${key.environment}`)}</dd>
      <dt>{t("keys.kind")}</dt><dd>{t(`kind.${key.kind ?? "secret"}`)}</dd>
      <dt>{t("keys.scopes")}</dt><dd class="row scopes">{key.scopes.map((each) => <code class="chip" title={t(`scope.${each}`)} key={each}>{each}</code>)}</dd>
      <dt>{t("keys.sources")}</dt><dd dir="auto">{namesOf(key.sourceIds)}</dd>
      {key.allowedOrigins && <><dt>{t("keys.origins")}</dt><dd>{key.allowedOrigins.join(", ")}</dd></>}
      <dt>{t("keys.limit")}</dt><dd>{number(key.rateLimitPerMinute)}</dd>
      <dt>{t("keys.created")}</dt><dd dir="auto"><When at={key.createdAt} /> {key.createdBy ? t("by", { name: key.createdBy.name }) : t("by.system")}</dd>
      <dt>{t("keys.used")}</dt><dd><When at={key.lastUsedAt} style="ago" /></dd>
      <dt>{t("keys.expires")}</dt><dd><When at={key.expiresAt} /></dd>
    </dl>
  );
}

async function readKey(id: string, signal: AbortSignal): Promise<Told> {
  const key = await api().keys.get(id, { signal });
  const other = (one: string | null): Promise<models.Key | null> => one === null ? Promise.resolve(null) : api().keys.get(one, { signal });
  const [before, after] = await Promise.all([other(key.rotatedFrom), other(key.rotatedTo)]);
  return { key, before, after };
}
