/** Which language the portal speaks. */

import { type Language, language, LANGUAGES, speak, t } from "../messages/index.js";

const NAMES: Record<Language, string> = { en: "English", de: "Deutsch" };

export function LanguagePicker() {
  return (
    <label class="language">
      <span class="unseen">{t("nav.language")}</span>
      <select value={language.value} onChange={(event) => speak(event.currentTarget.value as Language)}>
        {LANGUAGES.map((each) => <option value={each} lang={each}>{NAMES[each]}</option>)}
      </select>
    </label>
  );
}
