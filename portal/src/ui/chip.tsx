/** A short word on how something is: always a word, with a picture; the colour only helps. */

import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icon.js";

export type Tone = "good" | "warn" | "bad" | "info" | "still";

const PICTURES: Record<Tone, IconName> = { good: "check", warn: "warning", bad: "stop", info: "info", still: "clock" };

export function Chip({ tone = "still", icon, children }: { tone?: Tone; icon?: IconName; children: ComponentChildren }) {
  return (
    <span class={`chip ${tone}`}>
      <Icon name={icon ?? PICTURES[tone]} />
      {children}
    </span>
  );
}

/** A notice across the screen. */
export function Notice({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return (
    <div class={`notice ${tone}`}>
      <Icon name={PICTURES[tone]} />
      <div class="grow">{children}</div>
    </div>
  );
}
