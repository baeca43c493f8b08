/** The fields of an item before and after a change, without its content. */

import { type MessageKey, t } from "../messages/index.js";
import { moment } from "../ui/when.js";
import type { Edition } from "./change.js";
import { TextDiff } from "./text_diff.js";

const FIELDS = ["title", "url", "language", "tags", "contentType", "metadata", "removedAt"] as const;
type Field = (typeof FIELDS)[number];

export function Fields({ before, after }: { before: Edition | undefined; after: Edition | undefined }) {
  const told = FIELDS.map((name) => ({ name, was: written(name, before), is: written(name, after) })).filter(({ was, is }) => was !== is);
  if (told.length === 0) return null;
  return (
    <dl class="field-changes">
      {told.map(({ name, was, is }) => (
        <div key={name}>
          <dt>{t(`field.${name}` satisfies MessageKey)}</dt>
          <dd class={name === "metadata" ? "mono" : ""}><TextDiff before={was} after={is} /></dd>
        </div>
      ))}
    </dl>
  );
}

function written(name: Field, edition: Edition | undefined): string {
  const value = edition?.[name];
  if (value === undefined || value === null) return "";
  if (name === "removedAt") return moment(String(value));
  if (name === "metadata") return Object.entries(value as object).map(([key, each]) => `${key}: ${JSON.stringify(each)}`).join("\n");
  return Array.isArray(value) ? value.join(", ") : String(value);
}
