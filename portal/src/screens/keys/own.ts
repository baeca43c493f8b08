/** Whose part the session of this tab is. */

import { caller } from "../../session.js";

/** Whether the session is a part of a key, and so ends with it. */
export function isOwn(keyId: string): boolean {
  return (caller.value?.session?.keyId ?? caller.value?.key.id) === keyId;
}
