/** How an item is, in a word. */

import type { models } from "../../../../clients/typescript/src/index.js";
import { t } from "../../messages/index.js";
import { Chip, type Tone } from "../../ui/chip.js";

const TONES: Record<models.Item["state"], Tone> = { active: "good", removed: "warn", tombstoned: "bad" };

export function StateChip({ state }: { state: models.Item["state"] }) {
  return <Chip tone={TONES[state]}>{t(`item.${state}`)}</Chip>;
}
