/** A content as people read it: plain text as it is, Markdown and HTML rendered and made safe. */

import { useLoaded } from "./load.js";
import { Failure } from "./failure.js";
import { t } from "../messages/index.js";
import "./rendered.css";

export function Rendered({ content, kind }: { content: string; kind: string | undefined }) {
  if (kind !== "text/markdown" && kind !== "text/html") return <div class="rendered plain" dir="auto">{content}</div>;
  return <Markup content={content} kind={kind} />;
}

function Markup({ content, kind }: { content: string; kind: "text/markdown" | "text/html" }) {
  const { value, error } = useLoaded(async () => (await import("./safe_html.js")).safeHtml(content, kind), [content, kind]);
  if (error !== undefined) return <Failure error={error} />;
  if (value === undefined) return <p class="quiet" aria-busy="true">{t("app.loading")}</p>;
  return <div class="rendered" dir="auto" dangerouslySetInnerHTML={{ __html: value }} />;
}
