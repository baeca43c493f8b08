/** The settings that a change made, ended or changed, named as the API names them. */

import { TextDiff } from "../../changes/text_diff.js";

type Values = Readonly<Record<string, unknown>> | null;

export function Settings({ before, after }: { before: Values; after: Values }) {
  const names = Object.keys({ ...before, ...after });
  if (names.length === 0) return null;
  return (
    <dl class="field-changes">
      {names.map((name) => (
        <div key={name}>
          <dt><code>{name}</code></dt>
          <dd>{before && after
            ? <TextDiff before={written(before[name])} after={written(after[name])} />
            : <span dir="auto">{written((after ?? before)![name])}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function written(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value.join(", ");
  return value === undefined ? "" : JSON.stringify(value);
}
