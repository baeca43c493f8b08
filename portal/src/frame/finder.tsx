/** The box that any id can be pasted into. */

import { useState } from "preact/hooks";
import { find } from "../find.js";
import { t } from "../messages/index.js";
import { go } from "../routes.js";
import { announce } from "../ui/announce.js";
import { Icon } from "../ui/icon.js";

export function Finder() {
  const [text, setText] = useState("");
  const [missing, setMissing] = useState<string | null>(null);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (text.trim() === "") return;
    const found = await find(text).catch(() => null);
    if (found !== null) {
      setText("");
      return go(found);
    }
    setMissing(text.trim());
    announce(t("nav.find_nothing", { id: text.trim() }));
  };
  return (
    <form class="finder" role="search" onSubmit={submit}>
      <Icon name="search" />
      <input
        type="search"
        name="id"
        aria-label={t("nav.find_label")}
        placeholder={t("nav.find")}
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setMissing(null);
        }}
      />
      {missing !== null && <p class="finder-none" dir="auto">{t("nav.find_nothing", { id: missing })}</p>}
    </form>
  );
}
