/** How a webhook is, and how a delivery is. */

import type { models } from "../../../../clients/typescript/src/index.js";
import { t } from "../../messages/index.js";
import { Chip, type Tone } from "../../ui/chip.js";

const TONES: Record<models.Delivery["state"], Tone> = { pending: "info", delivered: "good", failed: "bad" };

export function HookState({ of: { disabled, failingSince } }: { of: models.Webhook }) {
  if (disabled !== null) return <Chip tone={disabled.reason === "by_tenant" ? "still" : "bad"}>{t(`hook.${disabled.reason}`)}</Chip>;
  return failingSince === null ? <Chip tone="good">{t("hook.on")}</Chip> : <Chip tone="warn">{t("hook.failing_now")}</Chip>;
}

export function DeliveryState({ state }: { state: models.Delivery["state"] }) {
  return <Chip tone={TONES[state]}>{t(`delivery.${state}`)}</Chip>;
}
