/** Who is signed in. The secret lies in this tab's sessionStorage: no cookie, so no other site can act with it. */

import { computed, signal } from "@preact/signals";
import type { models } from "../../clients/typescript/src/index.js";

/** What this tab keeps. */
export interface Session {
  readonly secret: string;
  readonly id: string;
  /** ISO 8601, in UTC. */
  readonly expiresAt: string;
}

/** Why nobody is signed in; null while somebody is, or nobody was. */
export type Ended = "expired" | "ended" | "signed_out";

const PLACE = "portal-session";

export const session = signal<Session | null>(kept());
export const ended = signal<Ended | null>(null);
/** The session as the API tells it; null until it has. */
export const caller = signal<models.CallerResponse | null>(null);
export const scopes = computed<ReadonlySet<string>>(() => new Set(caller.value?.key.scopes ?? []));

/** Begin to use a session. */
export function begin(next: Session): void {
  sessionStorage.setItem(PLACE, JSON.stringify(next));
  ended.value = null;
  caller.value = null;
  session.value = next;
}

/** Forget the session. What is shown stays in the address, so that signing in again leads back to it. */
export function end(why: Ended): void {
  sessionStorage.removeItem(PLACE);
  if (session.value === null) return;
  session.value = null;
  caller.value = null;
  ended.value = why;
}

function kept(): Session | null {
  try {
    const found = JSON.parse(sessionStorage.getItem(PLACE) ?? "null") as Session | null;
    return found !== null && Date.parse(found.expiresAt) > Date.now() ? found : null;
  } catch {
    return null;
  }
}
