/** Chooses events: all, those of later versions included, or some. */

import { t } from "../../messages/index.js";
import { type Wanted, WANTED } from "./samples.js";

export function EventsField({ value, onInput }: {
  /** Null for all. */
  value: readonly Wanted[] | null;
  onInput: (events: Wanted[] | null) => void;
}) {
  const chosen = value ?? [];
  const toggle = (event: Wanted): void => onInput(chosen.includes(event) ? chosen.filter((each) => each !== event) : [...chosen, event]);
  return (
    <fieldset class="field choices">
      <legend>{t("webhooks.events")}</legend>
      <div class="row">
        <label class="row"><input type="radio" name="events" checked={value === null} onChange={() => onInput(null)} />{t("webhooks.events_all")}</label>
        <label class="row"><input type="radio" name="events" checked={value !== null} onChange={() => onInput([])} />{t("webhooks.events_some")}</label>
      </div>
      {value !== null && (
        <div class="choices-list two">
          {WANTED.map((event) => (
            <label class="row" key={event}>
              <input type="checkbox" checked={chosen.includes(event)} onChange={() => toggle(event)} />
              <span class="grow"><code>{event}</code><span class="small quiet">{t(`event.${event}`)}</span></span>
            </label>
          ))}
        </div>
      )}
    </fieldset>
  );
}
