/** The kinds of changes, and how they look. */

import type { models } from "../../../../clients/typescript/src/index.js";
import type { IconName } from "../../ui/icon.js";

type Kind = models.AuditKind;

/** What was changed, as the part of a kind before its dot tells. */
export type Group = Kind extends `${infer Thing}.${string}` ? Thing : never;

const ICONS: Record<Group, IconName> = {
  run: "review",
  generation: "generations",
  source: "content",
  import: "imports",
  export: "out",
  erasure: "minus",
  question: "search",
  key: "keys",
  session: "lock",
  webhook: "webhooks",
};

// A record, so that a kind that the contract has and this lacks does not compile.
const TONES: Record<Kind, "" | "good" | "warn" | "bad"> = {
  "run.created": "",
  "run.applied": "good",
  "run.discarded": "",
  "generation.restored": "good",
  "source.created": "",
  "source.updated": "",
  "source.archived": "warn",
  "source.restored": "",
  "source.deleted": "bad",
  "import.created": "",
  "import.cancelled": "",
  "export.created": "",
  "erasure.created": "bad",
  "question.deleted": "bad",
  "key.created": "",
  "key.updated": "",
  "key.rotated": "",
  "key.revoked": "warn",
  "session.created": "",
  "session.link_created": "",
  "session.ended": "",
  "webhook.created": "",
  "webhook.updated": "",
  "webhook.deleted": "bad",
  "webhook.secret_rotated": "",
};

export const KINDS = Object.keys(TONES) as Kind[];
export const GROUPS = Object.keys(ICONS) as Group[];

export function kindsOf(group: Group): Kind[] {
  return KINDS.filter((each) => each.startsWith(`${group}.`));
}

/** The picture beside a change, and its tone: good is what went live, bad what is gone for good. */
export function lookOf(kind: Kind): { icon: IconName; tone: string } {
  return { icon: ICONS[kind.split(".")[0] as Group], tone: TONES[kind] };
}
