/**
 * Markdown and HTML that tenants wrote, as markup that does nothing: no script, style, form, frame or picture.
 *
 * This is the one place where a text becomes markup. It is loaded when something is shown rendered. Pictures are told by
 * their words: loading one would tell its host who looks at the item.
 */

import DOMPurify from "dompurify";
import MarkdownIt from "markdown-it";

const ALLOWED = {
  ALLOWED_TAGS: [
    "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "details", "div", "dl", "dt", "em",
    "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp", "section",
    "small", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "var",
  ],
  ALLOWED_ATTR: ["href", "title", "lang", "dir", "colspan", "rowspan", "start"],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
  RETURN_TRUSTED_TYPE: true,
} as const;

const markdown = new MarkdownIt({ html: false, linkify: false });
markdown.renderer.rules.image = (tokens, index) => markdown.utils.escapeHtml(`[${tokens[index]?.content ?? ""}]`);

DOMPurify.addHook("afterSanitizeAttributes", (node) => {
  if (node.nodeName !== "A") return;
  node.setAttribute("target", "_blank");
  node.setAttribute("rel", "noopener noreferrer nofollow");
});

/** Markup of a content for `dangerouslySetInnerHTML`; `kind` is its contentType. */
export function safeHtml(content: string, kind: "text/markdown" | "text/html"): string {
  const source = kind === "text/markdown" ? markdown.render(content) : inert(content);
  return DOMPurify.sanitize(source, { ...ALLOWED, ALLOWED_TAGS: [...ALLOWED.ALLOWED_TAGS], ALLOWED_ATTR: [...ALLOWED.ALLOWED_ATTR] }) as unknown as string;
}

/** Take styles off before anything parses them: even a document that is never shown has the page's policy, and reports. */
function inert(content: string): string {
  return content.replace(/<style[\s\S]*?(?:<\/style\s*>|$)/gi, "").replace(/\sstyle\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]*)/gi, " ");
}
