/**
 * A walk through the Developer API: pushes a help centre, publishes it, removes an article, publishes that.
 *
 *     export CHATBOT_API="https://your-host/api" CHATBOT_KEY="sk_live_..."
 *     node quickstart.mjs
 */

import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { KnowledgeClient } from "knowledge-client";

const refunds = {
  externalItemId: "faq/Rückgabe & refunds? 100% #1",
  title: "Refunds",
  content: "Refunds take 14 days.",
  language: "en",
  tags: ["orders"],
};

/** Writes one of the guides, over 1 KB of Markdown. */
function guide(number) {
  const steps = Array.from({ length: 30 }, (_, step) => `${step + 1}. Do as step ${step + 1} of guide ${number} says.`);
  return {
    externalItemId: `guide-${String(number).padStart(3, "0")}`,
    title: `Guide ${number}`,
    content: `# Guide ${number}\n\n${steps.join("\n")}\n`,
    contentType: "text/markdown",
    url: `https://help.example.com/guides/${number}`,
  };
}

/** Runs, shows what would change, applies; returns the id of the generation that is served from now on. */
async function publish(client, sourceId) {
  const run = await client.runs.start(sourceId);
  console.log(`run ${run.id}: ${JSON.stringify(run.counts)}`);
  let shown = 0;
  for await (const { change, externalItemId } of client.runs.changes(sourceId, run.id)) {
    console.log(`  ${change} ${externalItemId}`);
    if (++shown === 3) break;
  }
  // What was just shown, or nothing: a run that was planned again since is refused.
  const { status, generationId } = await client.runs.apply(sourceId, run.id, { planVersion: run.planVersion });
  console.log(`  ${status} as ${generationId}`);
  return generationId;
}

async function main() {
  const client = new KnowledgeClient();

  const source = await client.sources.create({ name: "Help centre (JavaScript)", graceDays: 7 });
  console.log(`source ${source.id}`);

  const pushed = await client.items.push(source.id, refunds);
  console.log(`pushed one item: ${pushed.result}`);
  console.log(`read back: ${(await client.items.get(source.id, refunds.externalItemId)).content}`);

  // The client makes a key for every call. Give it one of your own to make even a restarted job safe: the same key
  // with the same batch gets the first answer again, and changes nothing.
  const idempotencyKey = `nightly-${randomUUID()}`;
  const first = await client.items.pushBatch(source.id, [guide(1), guide(2)], { idempotencyKey });
  const again = await client.items.pushBatch(source.id, [guide(1), guide(2)], { idempotencyKey });
  const same = isDeepStrictEqual(first, again) ? "the same answer" : JSON.stringify(again);
  console.log(`pushed a batch: ${JSON.stringify(first.counts)}, and again: ${same}`);

  // A snapshot is the whole truth: what it does not name is removed. Over 256 KB the client gzips it.
  const guides = Array.from({ length: 300 }, (_, index) => guide(index + 1));
  const counts = await client.items.replace(source.id, [refunds, ...guides]);
  console.log(`sent a snapshot: ${JSON.stringify(counts)}`);
  await publish(client, source.id);

  // A removed item is served for the source's graceDays; the first run after that drops it.
  const removed = await client.items.remove(source.id, "guide-300");
  console.log(`removed guide-300: ${removed.state}, served until ${removed.tombstoneDueAt}`);
  const generationId = await publish(client, source.id);

  let items = 0;
  let bytes = 0;
  for await (const item of client.generations.items(source.id, generationId, { withContent: true })) {
    items += 1;
    bytes += item.contentBytes;
  }
  console.log(`generation ${generationId} of ${source.id} serves ${items} items, ${bytes} bytes`);
}

try {
  await main();
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
