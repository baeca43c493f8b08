/** Takes items back from everything that is kept, for good, and lists what was taken back so. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { scopes } from "../../session.js";
import { announce } from "../../ui/announce.js";
import { Action } from "../../ui/button.js";
import { Chip, Notice, type Tone } from "../../ui/chip.js";
import { Failure } from "../../ui/failure.js";
import { useLoaded } from "../../ui/load.js";
import { useLooks } from "../../ui/looks.js";
import { Message } from "../../ui/message.js";
import { firstPage } from "../../ui/pages.js";
import { TypedDialog } from "../../ui/typed.js";
import { When } from "../../ui/when.js";
import { typedName } from "./part.js";

const SHOWN = 50;
const TONES: Partial<Record<models.Erasure["state"], Tone>> = { opening: "warn", completed: "good" };

export function Erase({ source }: { source: models.Source }) {
  const [asking, setAsking] = useState(false);
  const may = scopes.value.has("content:erase");
  const { value, error, again } = useLoaded(
    async (signal) => (may ? firstPage<models.Erasure>("erasures", api().erasures.list(source.id, { limit: SHOWN, signal })) : undefined),
    [source.id, may],
  );
  useLooks(value, again, value?.entries.some((each) => each.state !== "completed") ?? false);
  return (
    <section class="card stack" aria-labelledby="erase">
      <h2 id="erase">{t("erase.title")}</h2>
      <p>{t("erase.lead")}</p>
      <Failure error={error} again={again} />
      {value?.entries.length === 0 && <p class="small quiet">{t("erase.none")}</p>}
      {value && value.entries.length > 0 && <ul class="lines">{value.entries.map((each) => <Receipt key={each.id} of={each} />)}</ul>}
      {value?.more && <p class="small quiet">{t("erase.newest", { n: SHOWN })}</p>}
      <div class="row ends">
        <Action scope="content:erase" kind="danger" onPress={() => setAsking(true)}>{t("erase.do")}</Action>
      </div>
      {asking && (
        <Ask
          source={source}
          onClose={() => setAsking(false)}
          onDone={() => {
            setAsking(false);
            announce(t("erase.begun"));
            again();
          }}
        />
      )}
    </section>
  );
}

function Ask({ source, onClose, onDone }: { source: models.Source; onClose: () => void; onDone: () => void }) {
  const [text, setText] = useState("");
  const [message, setMessage] = useState("");
  // An id holds no line break, but it may begin or end with a space.
  const externalItemIds = [...new Set(text.split("\n").filter((each) => each.trim() !== ""))];
  const n = externalItemIds.length;
  return (
    <TypedDialog
      title={t("erase.ask")}
      {...typedName(source)}
      deed={n === 0 ? t("erase.do") : t("erase.do_count", { n })}
      scope="content:erase"
      blocked={n === 0 ? t("erase.missing") : undefined}
      work={() => api().erasures.create(source.id, { externalItemIds, ...(message && { message }) }).then(onDone)}
      onClose={onClose}
    >
      <Notice tone="bad">{t("erase.asked")}</Notice>
      <label class="field"><span>{t("erase.ids")}</span>
        <textarea class="mono" rows={3} dir="auto" value={text} onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      <Message label={t("settings.why")} value={message} onInput={setMessage} />
    </TypedDialog>
  );
}

function Receipt({ of: { id, state, items, openedAt, clearedAt, completedAt, message } }: { of: models.Erasure }) {
  return (
    <li class="line">
      <span class="grow">
        <strong>{t("erase.items", { n: items })}</strong>
        {message && <span dir="auto">{message}</span>}
        <span class="small quiet"><When at={openedAt} /> · <code>{id}</code></span>
        {clearedAt && <span class="small quiet">{t("erase.cleared")} <When at={clearedAt} /></span>}
        {completedAt && <span class="small quiet">{t("erase.completed_at")} <When at={completedAt} /></span>}
      </span>
      <Chip tone={TONES[state] ?? "info"}>{t(`erase_state.${state}`)}</Chip>
    </li>
  );
}
