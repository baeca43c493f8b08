/** The scopes that a key can have, and what a key is made for. */

import type { models } from "../../../../clients/typescript/src/index.js";
import type { MessageKey } from "../../messages/index.js";
import type { Tone } from "../../ui/chip.js";

export type Scope = models.Scope;
export type Kind = NonNullable<models.Key["kind"]>;
export type Status = models.Key["status"];
export type Role = NonNullable<models.PortalSession["role"]>;

// A record names each, so that a new scope is missed by the compiler and not by a person.
const ALL: Record<Scope, true> = {
  "sources:read": true, "sources:write": true, "items:read": true, "items:write": true, "runs:read": true, "runs:write": true,
  "runs:apply": true, "search:read": true, "answers:read": true, "answers:manage": true, "webhooks:manage": true,
  "audit:read": true, "keys:manage": true, "content:erase": true,
};
export const SCOPES = Object.keys(ALL) as Scope[];
/** A key that everybody can read has no others. */
export const BROWSER_SCOPES: readonly Scope[] = ["search:read", "answers:read"];

export const STATUSES: readonly Status[] = ["active", "disabled", "expired", "revoked"];
export const STATUS_TONES: Record<Status, Tone> = { active: "good", disabled: "warn", expired: "still", revoked: "bad" };
export const ROLES: readonly Role[] = ["viewer", "editor", "developer", "owner"];

export interface Template {
  readonly title: MessageKey;
  readonly kind: Kind;
  readonly scopes: readonly Scope[];
  /** Null for never. */
  readonly days: number | null;
  /** Whether it should reach one source and no more. */
  readonly ofSource: boolean;
  readonly limit: number;
}

export const TEMPLATES: readonly Template[] = [
  {
    title: "template.ci", kind: "secret", days: 90, ofSource: true, limit: 120,
    scopes: ["sources:read", "items:read", "items:write", "runs:read", "runs:write", "runs:apply"],
  },
  {
    title: "template.import", kind: "secret", days: 365, ofSource: true, limit: 120,
    scopes: ["sources:read", "items:read", "items:write", "runs:read", "runs:write"],
  },
  {
    title: "template.preview", kind: "secret", days: 30, ofSource: false, limit: 120,
    scopes: ["sources:read", "items:read", "runs:read", "search:read"],
  },
  { title: "template.website", kind: "browser", days: 365, ofSource: true, limit: 3000, scopes: BROWSER_SCOPES },
  { title: "template.admin", kind: "secret", days: 90, ofSource: false, limit: 120, scopes: SCOPES.filter((each) => each !== "content:erase") },
];

/** Whether requests with it are answered. */
export function works({ status }: models.Key): boolean {
  return status === "active";
}

/** Whether it can never work again. */
export function over({ status }: models.Key): boolean {
  return status === "revoked" || status === "expired";
}
