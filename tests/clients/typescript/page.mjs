// What a page does with the client: all that a browser does otherwise than Node. Returns what came of it.

import { etagOf, KnowledgeClient, PreconditionFailedError, verifyWebhook } from "./index.js";

async function fails(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("nothing failed");
}

/** With a key that may write, on a page of the API's own host: large bodies, links to storage, streams. */
export async function publish(baseUrl, key) {
  const client = new KnowledgeClient({ baseUrl, key });
  const source = await client.sources.create({ name: "Page", graceDays: 0 });
  // Over the size that is gzipped; written as JSON it is too large for an answer, so it comes as a link.
  const large = { externalItemId: "large", title: "Large", content: "\u0001".repeat(1_000_000) };
  await client.items.pushAll(source.id, [large, { externalItemId: "a/b", title: "A", content: "Refunds take 14 days." }]);
  const seen = await client.items.get(source.id, "a/b");
  await client.items.remove(source.id, "large", { ifMatch: etagOf(await client.items.get(source.id, "large")) });
  const stale = await fails(client.items.remove(source.id, "a/b", { ifMatch: '"old"' }));
  await client.items.restore(source.id, "large");
  const run = await client.runs.start(source.id);
  await client.runs.apply(source.id, run.id, { planVersion: run.planVersion });
  const served = await client.generations.items(source.id, "current", { withContent: true }).toArray();
  const told = [];
  const { export: exported, file } = await client.exports.run(source.id, "current", { progress: (...at) => told.push(at) });
  const zipped = await new Response(file).blob();
  // What an import takes back without a change is what was served. Browsers inflate one member of gzip alone.
  const sent = [];
  const imported = await client.imports.run(source.id, zipped, { mode: "snapshot" }, { progress: (...at) => sent.push(at) });
  const away = new KnowledgeClient({ baseUrl: "http://127.0.0.1:9", key, retries: { tries: 1 } });
  return {
    sourceId: source.id,
    tagged: etagOf(seen) !== undefined && stale instanceof PreconditionFailedError && stale.etag !== undefined,
    served: Object.fromEntries(served.map(({ externalItemId, content }) => [externalItemId, content.length])),
    whole: zipped.size === exported.bytes && told.at(-1)[0] === exported.bytes,
    imported: [imported.state, imported.counts.unchanged, sent.length],
    away: (await fails(away.health())).name,
    unsigned: (await fails(verifyWebhook("{}", {}, "whsec_AAAA"))).status,
  };
}

/** With a key for web pages, on a page of another origin. */
export async function ask(baseUrl, key, sourceId) {
  const client = new KnowledgeClient({ baseUrl, key, retries: { tries: 1 } });
  const { results } = await client.search({ query: "refunds", sourceIds: [sourceId] });
  const answer = await client.ask({ question: "How long do refunds take?", sourceIds: [sourceId] });
  const refused = await fails(client.search({ query: "" }));
  // What is not for web pages shows them no answer at all.
  const hidden = await fails(client.sources.list().toArray());
  return {
    found: results.map(({ title }) => title),
    status: answer.status,
    refused: [refused.code, refused.requestId !== undefined],
    hidden: hidden.name,
  };
}
