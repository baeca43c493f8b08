/** Words of the screen Content. */

import type { Message } from "./index.js";

export const CONTENT = {} satisfies Record<string, Message>;
