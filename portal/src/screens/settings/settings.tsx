/** Settings of one source: its rules, whether it is found, whether it can be published, and its end. */

import { etagOf } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { place } from "../../routes.js";
import { readSources } from "../../sources.js";
import { announce } from "../../ui/announce.js";
import { Failure } from "../../ui/failure.js";
import { useLoaded } from "../../ui/load.js";
import { Archive } from "./archive.js";
import { Erase } from "./erase.js";
import { Finding } from "./finding.js";
import { PublishLock } from "./publish_lock.js";
import { Rules } from "./rules.js";
import { Serving } from "./serving.js";
import "./settings.css";

export default function Settings() {
  const [sourceId] = place.value.path;
  return sourceId === undefined ? null : <SettingsOf key={sourceId} sourceId={sourceId} />;
}

function SettingsOf({ sourceId }: { sourceId: string }) {
  const { value, error, again } = useLoaded(
    async (signal) => {
      const source = await api().sources.get(sourceId, { signal });
      return { source, tag: etagOf(source) };
    },
    [sourceId],
  );
  const done = (said: string): void => {
    announce(said);
    again();
    // The picker has names and what is archived; without an answer it keeps those it had.
    readSources().catch(() => undefined);
  };
  return (
    <>
      <header class="head">
        <div><h1>{t("nav.settings")}</h1><p dir="auto">{value?.source.name}</p></div>
      </header>
      <Failure error={error} again={again} />
      {value === undefined && error === undefined && <p class="quiet" aria-busy="true">{t("app.loading")}</p>}
      {value && (
        <div class="stack settings">
          <Rules {...value} done={done} reload={again} />
          <Finding {...value} done={done} reload={again} />
          <PublishLock source={value.source} done={done} />
          <div class="cards">
            <Serving source={value.source} done={done} />
            <Archive source={value.source} done={done} />
          </div>
          <Erase source={value.source} />
        </div>
      )}
    </>
  );
}
