/** "Show the request": what the screen asked of the API, as curl, Python and TypeScript, from the requests themselves. */

import { useState } from "preact/hooks";
import { BASE_URL } from "../api.js";
import { t } from "../messages/index.js";
import { type Asked, asCurl, asPython, asTypeScript, requests } from "../requests.js";
import { CopyButton } from "../ui/button.js";
import { Chip } from "../ui/chip.js";
import { Dialog } from "../ui/dialog.js";

const FORMS = { curl: (asked: Asked) => asCurl(asked, BASE_URL), Python: asPython, TypeScript: asTypeScript } as const;
type Form = keyof typeof FORMS;

export function RequestSheet({ onClose }: { onClose: () => void }) {
  const [form, setForm] = useState<Form>("curl");
  return (
    <Dialog title={t("request.title")} onClose={onClose} side>
      <p class="quiet">{t("request.lead")}</p>
      <fieldset class="segments">
        <legend class="unseen">{t("request.language")}</legend>
        {(Object.keys(FORMS) as Form[]).map((each) => (
          <label>
            <input type="radio" name="form" checked={each === form} onChange={() => setForm(each)} />
            <span>{each}</span>
          </label>
        ))}
      </fieldset>
      {requests.value.length === 0 && <p>{t("request.none")}</p>}
      {requests.value.map((asked) => <Shown key={JSON.stringify(asked)} asked={asked} text={FORMS[form](asked)} />)}
    </Dialog>
  );
}

function Shown({ asked, text }: { asked: Asked; text: string }) {
  return (
    <section class="asked">
      <header class="row">
        <code class="grow cut"><b>{asked.method}</b> {asked.path}</code>
        <Chip tone={(asked.status ?? 500) < 400 ? "good" : "bad"}>{asked.status}</Chip>
        <CopyButton text={text} />
      </header>
      <pre tabIndex={0}>{text}</pre>
      {asked.requestId && <p class="small quiet">{t("request.id")} <code>{asked.requestId}</code></p>}
    </section>
  );
}
