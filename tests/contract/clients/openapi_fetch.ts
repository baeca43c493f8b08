// The quickstart, with openapi-fetch and the types that openapi-typescript made: `./knowledge_api`.
import createClient from "openapi-fetch";
import type { components, paths } from "./knowledge_api.js";

declare const process: { env: Record<string, string | undefined> };

const client = createClient<paths>({
  baseUrl: process.env.CHATBOT_API!,
  headers: { Authorization: `Bearer ${process.env.CHATBOT_KEY}` },
});

function had<T>({ data, error }: { data?: T; error?: components["schemas"]["Error"] }): T {
  if (data === undefined) throw new Error(`${error?.code}: ${error?.error}`);
  return data;
}

const { source } = had(await client.POST("/v1/sources", { body: { name: "Help center" } }));
const where = { sourceId: source.id };

const { result } = had(
  await client.POST("/v1/sources/{sourceId}/items", {
    params: { path: where, header: { "Idempotency-Key": crypto.randomUUID() } },
    body: {
      externalItemId: "faq-1",
      title: "Refunds",
      content: "Refunds take 14 days.",
      metadata: { team: "billing", level: 2 },
    },
  }),
);
if (result !== "created") throw new Error(result);

const { run } = had(await client.POST("/v1/sources/{sourceId}/runs", { params: { path: where } }));
const published = had(
  await client.POST("/v1/sources/{sourceId}/runs/{runId}/apply", { params: { path: { ...where, runId: run.id } } }),
);
if (published.counts.added !== 1) throw new Error(JSON.stringify(published));

const { items } = had(
  await client.GET("/v1/sources/{sourceId}/generations/{generationId}/items", {
    params: { path: { ...where, generationId: "current" }, query: { include: "content" } },
  }),
);

const refused = await client.GET("/v1/sources/{sourceId}", { params: { path: { sourceId: "src_unknown" } } });
if (refused.error?.code !== "not_found") throw new Error(JSON.stringify(refused));

// What a receiver of webhooks is sent, told apart by its type.
type Told = components["schemas"]["RunReadyEvent"] | components["schemas"]["GenerationPublishedEvent"];
export const served = (event: Told): string | null =>
  event.type === "generation.published" ? event.data.generationId : null;

console.log(items[0]?.content);
