/** What the parts of the screen have in common. */

import type { models } from "../../../../clients/typescript/src/index.js";
import { t } from "../../messages/index.js";

/** What each part is given. */
export interface Part {
  readonly source: models.Source;
  /** Say what was done, and read the source again. */
  readonly done: (said: string) => void;
}

/** What a part is given that saves what was typed, unless somebody else was faster. */
export interface Saved extends Part {
  /** The entity tag of the source, as it was read. */
  readonly tag: string | undefined;
  /** Read the source again. What was typed stays. */
  readonly reload: () => void;
}

/** Why the source takes no changes now. */
export function closed({ status }: models.Source): string | undefined {
  return status === "active" ? undefined : t("settings.archived");
}

/** What is typed before a deed that takes something of the source away: its name. */
export function typedName({ name }: models.Source): { label: string; text: string } {
  return { label: t("settings.type", { name }), text: name };
}
