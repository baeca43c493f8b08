/** Ends writing to a source, which goes on being served; begins it again; and deletes what is archived, for good. */

import { useState } from "preact/hooks";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { go, href } from "../../routes.js";
import { readSources } from "../../sources.js";
import { announce } from "../../ui/announce.js";
import { Action } from "../../ui/button.js";
import { Chip, Notice } from "../../ui/chip.js";
import { Failure } from "../../ui/failure.js";
import { Message } from "../../ui/message.js";
import { TypedDialog } from "../../ui/typed.js";
import { type Part, typedName } from "./part.js";

export function Archive({ source, done }: Part) {
  const [asking, setAsking] = useState<"archive" | "delete" | null>(null);
  const [message, setMessage] = useState("");
  const [error, setError] = useState<unknown>();
  const archived = source.status === "archived";
  const close = (): void => setAsking(null);
  const archive = async (): Promise<void> => {
    await api().sources.archive(source.id);
    close();
    done(t("archive.done"));
  };
  const restore = async (): Promise<void> => {
    setError(undefined);
    await api().sources.restore(source.id).then(() => done(t("archive.restored")), setError);
  };
  const remove = async (): Promise<void> => {
    await api().sources.delete(source.id, message ? { message } : {});
    announce(t("delete_source.done"));
    go(href("home"));
    readSources().catch(() => undefined);
  };
  return (
    <section class="card stack" aria-labelledby="archive">
      <header class="row">
        <h2 class="grow" id="archive">{t("archive.title")}</h2>
        <Chip tone={archived ? "warn" : "good"}>{t(archived ? "archive.is_archived" : "archive.is_active")}</Chip>
      </header>
      <p>{t(archived ? "archive.archived_lead" : "archive.lead")}</p>
      {source.serving !== "off" && <Notice tone="info">{t(archived ? "archive.still_served" : "archive.goes_on")}</Notice>}
      <Failure error={error} />
      <div class="row ends">
        {archived
          ? (
            <>
              <Action scope="content:erase" kind="danger" onPress={() => setAsking("delete")}>{t("delete_source.do")}</Action>
              <Action scope="sources:write" onPress={restore}>{t("archive.restore")}</Action>
            </>
          )
          : <Action scope="sources:write" kind="danger" onPress={() => setAsking("archive")}>{t("archive.do")}</Action>}
      </div>
      {asking === "archive" && (
        <TypedDialog
          title={t("archive.ask", { name: source.name })}
          {...typedName(source)}
          deed={t("archive.do")}
          scope="sources:write"
          work={archive}
          onClose={close}
        >
          <p>{t("archive.lead")}</p>
          {source.serving !== "off" && <Notice tone="warn">{t("archive.goes_on")}</Notice>}
        </TypedDialog>
      )}
      {asking === "delete" && (
        <TypedDialog
          title={t("delete_source.ask", { name: source.name })}
          {...typedName(source)}
          deed={t("delete_source.do")}
          scope="content:erase"
          work={remove}
          onClose={close}
        >
          <Notice tone="bad">{t("delete_source.asked")}</Notice>
          <Message label={t("settings.why")} value={message} onInput={setMessage} />
        </TypedDialog>
      )}
    </section>
  );
}
