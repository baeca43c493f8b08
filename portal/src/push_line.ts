/** The line that pushes a first item from a terminal, with a key that was just made. It works as it is. */

import { BASE_URL } from "./api.js";
import { t } from "./messages/index.js";
import { quoted } from "./requests.js";

/** Write it for a source and the text of a key that may push into it. */
export function pushLine(source: string, secret: string): string {
  const body = { externalItemId: "faq-1", title: t("start.example_title"), content: t("start.example_content") };
  return [
    `curl -X POST ${quoted(`${BASE_URL}/v1/sources/${source}/items`)}`,
    `-H ${quoted(`Authorization: Bearer ${secret}`)}`,
    `-H 'Content-Type: application/json'`,
    `-d ${quoted(JSON.stringify(body))}`,
  ].join(" \\\n  ");
}
