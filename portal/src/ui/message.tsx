/** What somebody wants to be remembered of a deed. Optional. */

import { t } from "../messages/index.js";

const LONGEST = 500;

export function Message({ label, value, onInput, placeholder = t("message.placeholder") }: {
  label: string;
  value: string;
  onInput: (text: string) => void;
  placeholder?: string;
}) {
  return (
    <label class="field">
      <span>{label}</span>
      <textarea
        rows={2}
        maxLength={LONGEST}
        dir="auto"
        placeholder={placeholder}
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </label>
  );
}
