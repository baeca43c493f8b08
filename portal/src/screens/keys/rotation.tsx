/** How far a rotation has come: which of the two keys is used, and whether the old one can go. */

import { useState } from "preact/hooks";
import type { models } from "../../../../clients/typescript/src/index.js";
import { t } from "../../messages/index.js";
import { href } from "../../routes.js";
import { announce } from "../../ui/announce.js";
import { Action } from "../../ui/button.js";
import { Chip, type Tone } from "../../ui/chip.js";
import { When } from "../../ui/when.js";
import { RevokeKey } from "./revoke_key.js";
import { over, STATUS_TONES } from "./scopes.js";

/** The API tells uses to the hour, so that a key is silent after two. */
const SILENT_MS = 2 * 3_600_000;

type Stage = "over" | "not_yet" | "in_use" | "silent";
const TONES: Record<Stage, Tone> = { over: "still", not_yet: "info", in_use: "warn", silent: "good" };

export function Rotation({ old, next, again }: { old: models.Key; next: models.Key; again: () => void }) {
  const [revoking, setRevoking] = useState(false);
  const stage = stageOf(old, next);
  return (
    <section class="card stack" aria-labelledby="rotation">
      <header class="row"><h2 class="grow" id="rotation">{t("rotate.card")}</h2><Chip tone={TONES[stage]}>{t(`rotate.${stage}`)}</Chip></header>
      <div class="cards">
        {([["rotate.old", old], ["rotate.new", next]] as const).map(([title, key]) => (
          <dl class="facts" key={key.id}>
            <dt>{t(title)}</dt><dd><a href={href("keys", [key.id])}><code>{key.id}</code></a></dd>
            <dt>{t("keys.status")}</dt><dd><Chip tone={STATUS_TONES[key.status]}>{t(`key_status.${key.status}`)}</Chip></dd>
            <dt>{t("keys.used")}</dt><dd><When at={key.lastUsedAt} style="ago" /></dd>
            <dt>{t("keys.expires")}</dt><dd><When at={key.expiresAt} /></dd>
          </dl>
        ))}
      </div>
      {!over(old) && (
        <div class="row ends">
          <Action kind={stage === "silent" ? "main" : "danger"} scope="keys:manage" onPress={() => setRevoking(true)}>{t("rotate.revoke_old")}</Action>
        </div>
      )}
      {revoking && (
        <RevokeKey
          of={old}
          onClose={() => setRevoking(false)}
          onDone={() => (setRevoking(false), announce(t("revoke.done")), again())}
        />
      )}
    </section>
  );
}

function stageOf(old: models.Key, next: models.Key): Stage {
  if (over(old)) return "over";
  if (next.lastUsedAt === null) return "not_yet";
  return old.lastUsedAt !== null && Date.now() - Date.parse(old.lastUsedAt) < SILENT_MS ? "in_use" : "silent";
}
