/** One webhook: what it is told, how it is, and its deliveries. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { go, href } from "../../routes.js";
import { announce } from "../../ui/announce.js";
import { Action } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { Failure } from "../../ui/failure.js";
import { useLoaded } from "../../ui/load.js";
import { namesOf } from "../../ui/source_picker.js";
import { When } from "../../ui/when.js";
import { Deliveries } from "./deliveries.js";
import { RotateSecret } from "./hook_secret.js";
import { HookState } from "./state.js";
import { WriteWebhook } from "./write_webhook.js";

export function Endpoint({ id }: { id: string }) {
  const { value, error, again } = useLoaded((signal) => api().webhooks.get(id, { signal }), [id]);
  return (
    <>
      <a class="back small" href={href("webhooks")}>← {t("webhooks.all")}</a>
      <Failure error={error} again={again} />
      {value === undefined && error === undefined && <p class="quiet" aria-busy="true">{t("app.loading")}</p>}
      {value && <Known hook={value} again={again} />}
    </>
  );
}

function Known({ hook, again }: { hook: models.Webhook; again: () => void }) {
  const [open, setOpen] = useState<"edit" | "secret" | "delete" | null>(null);
  const [sent, setSent] = useState(0);
  const [error, setError] = useState<unknown>();
  const close = (): void => setOpen(null);
  const doing = (work: () => Promise<void>) => async (): Promise<void> => {
    setError(undefined);
    await work().catch(setError);
  };
  const turn = doing(async () => {
    await api().webhooks.update(hook.id, { enabled: !hook.enabled });
    announce(t(hook.enabled ? "webhooks.turned_off" : "webhooks.turned_on"));
    again();
  });
  const test = doing(async () => {
    await api().webhooks.test(hook.id);
    announce(t("webhooks.tested"));
    setSent((before) => before + 1);
  });
  return (
    <div class="stack">
      <header class="head hook-head">
        <div><h1 dir="auto">{hook.url}</h1>{hook.description && <p dir="auto">{hook.description}</p>}</div>
        <HookState of={hook} />
        <div class="row">
          <Action scope="webhooks:manage" kind="main" onPress={test}>{t("webhooks.test")}</Action>
          <Action scope="webhooks:manage" onPress={() => setOpen("edit")}>{t("webhooks.edit")}</Action>
          <Action scope="webhooks:manage" icon="refresh" onPress={() => setOpen("secret")}>{t("hook_secret.rotate")}</Action>
          <Action scope="webhooks:manage" onPress={turn}>{t(hook.enabled ? "webhooks.disable" : "webhooks.enable")}</Action>
          <Action scope="webhooks:manage" kind="danger" onPress={() => setOpen("delete")}>{t("webhooks.delete")}</Action>
        </div>
      </header>
      <Failure error={error} />
      <dl class="card facts">
        <dt>{t("webhooks.id")}</dt><dd><code>{hook.id}</code></dd>
        <dt>{t("webhooks.events")}</dt><dd>{hook.events === null ? t("webhooks.events_all") : hook.events.join(", ")}</dd>
        <dt>{t("keys.sources")}</dt><dd dir="auto">{namesOf(hook.sourceIds)}</dd>
        {hook.failingSince && <><dt>{t("webhooks.failing")}</dt><dd><When at={hook.failingSince} /></dd></>}
        {hook.previousSecretExpiresAt && <><dt>{t("webhooks.overlap")}</dt><dd><When at={hook.previousSecretExpiresAt} /></dd></>}
        <dt>{t("webhooks.made")}</dt>
        <dd dir="auto"><When at={hook.createdAt} /> {hook.createdBy ? t("by", { name: hook.createdBy.name }) : t("by.system")}</dd>
      </dl>
      <Deliveries hook={hook} sent={sent} onEnded={again} />
      {open === "edit" && <WriteWebhook of={hook} onClose={close} onDone={again} />}
      {open === "secret" && <RotateSecret of={hook} onClose={close} onDone={again} />}
      {open === "delete" && <Delete hook={hook} onClose={close} />}
    </div>
  );
}

function Delete({ hook, onClose }: { hook: models.Webhook; onClose: () => void }) {
  const [error, setError] = useState<unknown>();
  const remove = async (): Promise<void> => {
    setError(undefined);
    try {
      await api().webhooks.delete(hook.id);
      announce(t("webhooks.deleted"));
      go(href("webhooks"));
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <Dialog title={t("webhooks.delete_title")} onClose={onClose}>
      <p dir="auto" class="told">{t("webhooks.delete_lead", { url: hook.url })}</p>
      <Failure error={error} />
      <div class="ends">
        <button type="button" class="button" onClick={onClose}>{t("do.cancel")}</button>
        <Action kind="danger" scope="webhooks:manage" onPress={remove}>{t("webhooks.delete")}</Action>
      </div>
    </Dialog>
  );
}
