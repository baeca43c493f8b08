/** A content as readers see it. What makes markup safe is loaded when it is first needed. */

import { t } from "../messages/index.js";
import { Failure } from "../ui/failure.js";
import { useLoaded } from "../ui/load.js";

export function Rendered({ content, contentType }: { content: string; contentType: string }) {
  if (contentType !== "text/markdown" && contentType !== "text/html") return <div class="rendered as-text" dir="auto">{content}</div>;
  return <Markup content={content} kind={contentType} />;
}

function Markup({ content, kind }: { content: string; kind: "text/markdown" | "text/html" }) {
  const { value, error } = useLoaded(async () => (await import("../ui/safe_html.js")).safeHtml(content, kind), [content, kind]);
  if (value === undefined) return error === undefined ? <p class="quiet" aria-busy="true">{t("app.loading")}</p> : <Failure error={error} />;
  return <div class="rendered" dir="auto" dangerouslySetInnerHTML={{ __html: value }} />;
}
