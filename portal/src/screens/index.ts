/** The screens. Each is loaded when it is first opened; a new one is a line here (see README.md). */

import type { FunctionComponent } from "preact";
import type { IconName } from "../ui/icon.js";
import type { MessageKey } from "../messages/index.js";

export interface Screen {
  readonly name: string;
  readonly title: MessageKey;
  readonly icon: IconName;
  /** Whether it shows one source: then the first segment of its path is the source's id, and the frame has a picker. */
  readonly ofSource: boolean;
  readonly load: () => Promise<{ default: FunctionComponent }>;
}

export const SCREENS: readonly Screen[] = [
  { name: "home", title: "nav.home", icon: "home", ofSource: false, load: () => import("./home/home.js") },
  { name: "content", title: "nav.content", icon: "content", ofSource: true, load: () => import("./content/content.js") },
  { name: "review", title: "nav.review", icon: "review", ofSource: true, load: () => import("./review/review.js") },
  { name: "generations", title: "nav.generations", icon: "generations", ofSource: true, load: () => import("./generations/generations.js") },
  { name: "imports", title: "nav.imports", icon: "imports", ofSource: true, load: () => import("./imports/imports.js") },
  { name: "search", title: "nav.search", icon: "search", ofSource: false, load: () => import("./search/search.js") },
  { name: "keys", title: "nav.keys", icon: "keys", ofSource: false, load: () => import("./keys/keys.js") },
  { name: "webhooks", title: "nav.webhooks", icon: "webhooks", ofSource: false, load: () => import("./webhooks/webhooks.js") },
  { name: "activity", title: "nav.activity", icon: "activity", ofSource: false, load: () => import("./activity/activity.js") },
  { name: "settings", title: "nav.settings", icon: "settings", ofSource: true, load: () => import("./settings/settings.js") },
];
