/** Every event, with an example of what is sent. */

import { t } from "../../messages/index.js";
import { filter, place } from "../../routes.js";
import { CopyButton } from "../../ui/button.js";
import { EVENTS, sampleOf } from "./samples.js";

export function Catalogue() {
  const picked = EVENTS.find((each) => each === place.value.query["event"]) ?? EVENTS[0]!;
  const sample = JSON.stringify(sampleOf(picked), null, 2);
  return (
    <section class="card stack" aria-labelledby="catalogue">
      <h2 id="catalogue">{t("events.title")}</h2>
      <div class="row">
        <label class="field grow"><span>{t("events.pick")}</span>
          <select value={picked} onChange={(event) => filter({ event: event.currentTarget.value })}>
            {EVENTS.map((each) => <option value={each} key={each}>{each}</option>)}
          </select>
        </label>
        <CopyButton text={sample} label={`${t("do.copy")}: ${t("events.sample")}`} />
      </div>
      <p>{t(`event.${picked}`)}</p>
      <pre tabIndex={0} aria-label={t("events.sample")} role="region">{sample}</pre>
    </section>
  );
}
