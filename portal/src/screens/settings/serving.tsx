/** Whether the source is found at all. Taking it offline is asked twice; putting it online is not. */

import { useState } from "preact/hooks";
import { api } from "../../api.js";
import { t } from "../../messages/index.js";
import { Action } from "../../ui/button.js";
import { Chip } from "../../ui/chip.js";
import { Failure } from "../../ui/failure.js";
import { TypedDialog } from "../../ui/typed.js";
import { closed, type Part, typedName } from "./part.js";

export function Serving({ source, done }: Part) {
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState<unknown>();
  const off = source.serving === "off";
  const serve = async (serving: "on" | "off"): Promise<void> => {
    await api().sources.update(source.id, { serving });
    setAsking(false);
    done(t(serving === "on" ? "serving.turned_on" : "serving.turned_off"));
  };
  const turnOn = (): Promise<void> => {
    setError(undefined);
    return serve("on").catch(setError);
  };
  return (
    <section class="card stack" aria-labelledby="serving">
      <header class="row">
        <h2 class="grow" id="serving">{t("serving.title")}</h2>
        {off ? <Chip tone="warn">{t("serving.off")}</Chip> : <Chip tone="good">{t("serving.on")}</Chip>}
      </header>
      <p>{t(off ? "serving.off_lead" : "serving.on_lead")}</p>
      <Failure error={error} />
      <div class="row ends">
        {off
          ? <Action scope="sources:write" blocked={closed(source)} onPress={turnOn}>{t("serving.turn_on")}</Action>
          : <Action scope="sources:write" kind="danger" blocked={closed(source)} onPress={() => setAsking(true)}>{t("serving.turn_off")}</Action>}
      </div>
      {asking && (
        <TypedDialog
          title={t("serving.ask", { name: source.name })}
          {...typedName(source)}
          deed={t("serving.turn_off")}
          scope="sources:write"
          work={() => serve("off")}
          onClose={() => setAsking(false)}
        >
          <p>{t("serving.asked", { n: source.servedItems ?? 0 })}</p>
        </TypedDialog>
      )}
    </section>
  );
}
