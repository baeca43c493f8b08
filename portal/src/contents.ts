/** Contents, wherever they lie: in the answer, or behind a link of the storage. */

import { ApiError } from "../../clients/typescript/src/index.js";

/** Read the content of an item as it was answered. Throws ApiError when its link does not lead to it. */
export async function contentOf(item: { content?: string; contentUrl?: string }, signal?: AbortSignal): Promise<string> {
  if (item.contentUrl === undefined) return item.content ?? "";
  const answer = await fetch(item.contentUrl, { signal: signal ?? null });
  if (!answer.ok) throw new ApiError("the link to the content has expired", { code: "no_answer", doing: "GET", status: answer.status });
  return ((await answer.json()) as { content: string }).content;
}
