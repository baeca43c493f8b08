// The quickstart, with the client that openapi-generator made for TypeScript and fetch: `./knowledge_api`.
import {
  Configuration,
  GenerationsApi,
  ItemsApi,
  ListGenerationItemsIncludeEnum,
  ResponseError,
  RunsApi,
  SourcesApi,
} from "./knowledge_api/index.js";

declare const process: { env: Record<string, string | undefined> };

const configuration = new Configuration({ basePath: process.env.CHATBOT_API!, accessToken: process.env.CHATBOT_KEY! });
const sources = new SourcesApi(configuration);
const runs = new RunsApi(configuration);

const { source } = await sources.createSource({ createSourceRequest: { name: "Help center" } });
const sourceId = source.id;

const { result } = await new ItemsApi(configuration).pushItem({
  sourceId,
  idempotencyKey: crypto.randomUUID(),
  itemInput: {
    externalItemId: "faq-1",
    title: "Refunds",
    content: "Refunds take 14 days.",
    metadata: { team: "billing", level: 2 },
  },
});
if (result !== "created") throw new Error(result);

const { run } = await runs.createRun({ sourceId });
const { counts } = await runs.applyRun({ sourceId, runId: run.id });
if (counts.added !== 1) throw new Error(JSON.stringify(counts));

const { items } = await new GenerationsApi(configuration).listGenerationItems({
  sourceId,
  generationId: "current",
  include: ListGenerationItemsIncludeEnum.Content,
});

const refused: unknown = await sources.getSource({ sourceId: "src_unknown" }).catch((error: unknown) => error);
if (!(refused instanceof ResponseError) || (await refused.response.json()).code !== "not_found") throw refused;

console.log(items[0]?.content);
