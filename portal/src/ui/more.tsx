/** Reads on in a list. It looks by itself while fewer than a page are shown, so that it is not there when nothing follows. */

import { useEffect } from "preact/hooks";
import { t } from "../messages/index.js";
import type { Pages } from "./pages.js";

export function More({ pages: { entries, complete, loading, more }, page }: {
  pages: Pages<unknown>;
  /** How many a page has. */
  page: number;
}) {
  const few = entries.length > 0 && entries.length < page;
  useEffect(() => {
    if (few && !complete && !loading) more();
  }, [few, complete, loading]);
  if (complete || few || entries.length === 0) return null;
  return <button type="button" class="button" aria-busy={loading} onClick={more}>{t("do.more")}</button>;
}
