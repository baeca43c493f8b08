// Lists, sets of items in parts, waiting, and uploads.

import assert from "node:assert/strict";
import { openAsBlob, readFileSync, writeFileSync } from "node:fs";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { answer, broken, ITEM, package_, refusal, script } from "./scripted.mjs";

const items = Array.from({ length: 1_500 }, (_, number) => ({ ...ITEM, externalItemId: `item-${number}` }));
const SNAPSHOT = { id: "snp_1", state: "open", counts: { created: 0 } };
const opened = answer(201, { snapshot: SNAPSHOT });
const aborted = "DELETE /sources/src_1/snapshots/snp_1";

test("a list is read page by page, as it is gone through", async () => {
  const pages = [answer(200, { sources: [{ n: 1 }], nextCursor: "c" }), answer(200, { sources: [], nextCursor: null })];
  const it = script(...pages, ...pages, ...pages);
  const list = it.client.sources.list();
  assert.equal(it.requests.length, 0);
  for await (const { n } of list) {
    assert.equal(n, 1);
    break;
  }
  assert.equal(it.requests.length, 1);
  const again = script(...pages, ...pages, ...pages).client.sources.list({ limit: 5 });
  assert.deepEqual(await again.toArray(), [{ n: 1 }]);
  const found = [];
  for await (const page of again.pages()) found.push(page);
  assert.deepEqual(found, [[{ n: 1 }], []]);
  for await (const page of again.answers()) assert.ok("nextCursor" in page);
});

test("a history is read past pages of which nothing came, and says how it ends", async () => {
  const ends = { earlier: true, erasedAt: null };
  const pages = [answer(200, { history: [], nextCursor: "c" }), answer(200, { history: [{ change: "added" }], nextCursor: null, ...ends })];
  const it = script(...pages, ...pages);
  const history = it.client.items.history("src_1", "a/b");
  assert.deepEqual(await history.toArray(), [{ change: "added" }]);
  assert.match(it.requests[1].url, /\/items\/a%2Fb\/history\?.*cursor=c/);
  let last;
  for await (const page of history.answers()) last = page;
  assert.equal(last.earlier, true);
});

test("contents behind links are read without the key, and anew when a link has expired", async () => {
  const linked = (url) => answer(200, { items: [{ externalItemId: "a", contentUrl: url }, { externalItemId: "b", content: "b" }], nextCursor: null });
  const expired = () => new Response("<Error/>", { status: 403 });
  const it = script(linked("https://storage.example/1"), expired, linked("https://storage.example/2"), answer(200, { content: "long" }));
  const read = await it.client.generations.items("src_1", "current", { withContent: true }).toArray();
  assert.deepEqual(read, [{ externalItemId: "a", content: "long" }, { externalItemId: "b", content: "b" }]);
  assert.match(it.requests[0].url, /include=content/);
  assert.deepEqual([1, 3].map((at) => it.requests[at].headers.get("Authorization")), [null, null]);
});

test("changes bring both sides or items whole", async () => {
  for (const [wanted, include] of [[{ withContent: true }, "content"], [{ withItems: true }, "items"], [{}, null]]) {
    const changes = [{ externalItemId: "a", contentUrl: "https://storage.example/1" }];
    const it = script(answer(200, { changes, nextCursor: null }), answer(200, { content: "long" }));
    const [read] = await it.client.generations.changes("src_1", "gen_2", { from: "gen_1", ...wanted }).toArray();
    assert.equal(new URL(it.requests[0].url).searchParams.get("include"), include);
    assert.equal("content" in read, include !== null);
  }
});

test("a search is read on from its cursor", async () => {
  const it = script(answer(200, { results: [1], nextCursor: "c" }), answer(200, { results: [2], nextCursor: null }));
  const found = [];
  for await (const each of it.client.searchAll({ query: "q" })) found.push(each);
  assert.deepEqual(found, [1, 2]);
  assert.deepEqual(it.requests.map(({ json }) => json), [{ query: "q" }, { query: "q", cursor: "c" }]);
});

test("batches are summed, and faults count from the first item of all", async () => {
  const counts = { created: 1_000, updated: 0 };
  const told = [];
  const fault = { index: 3, externalItemId: "item-1003", path: "items[3].content", message: "is bad" };
  const it = script(answer(200, { counts }), refusal(400, "validation_error", [fault]));
  await assert.rejects(it.client.items.pushAll("src_1", items, { progress: (n) => told.push(n), idempotencyKey: "job" }), (error) => {
    assert.equal(error.sent, 1_000);
    assert.deepEqual(error.faults, [{ ...fault, index: 1_003, path: "items[1003].content" }]);
    assert.match(error.message, /items\[1003\]\.content \(item-1003\) is bad/);
    return error.details[0].index === 3;
  });
  assert.deepEqual(told, [1_000]);
  assert.deepEqual(it.requests.map(({ headers }) => headers.get("Idempotency-Key")), ["job/1", "job/2"]);
  const whole = script(answer(200, { counts }), answer(200, { counts: { created: 500 } }));
  async function* generated() {
    yield* items;
  }
  assert.equal((await whole.client.items.pushAll("src_1", generated())).created, 1_500);
  await assert.rejects(whole.client.items.pushAll("src_1", [], { idempotencyKey: "k".repeat(246) }), { name: "InvalidArgumentError" });
});

test("parts are cut by their bytes, too", async () => {
  const large = Array.from({ length: 5 }, () => ({ ...ITEM, content: "x".repeat(1_000_000) }));
  const it = script(answer(200, { counts: {} }), answer(200, { counts: {} }));
  await it.client.items.pushAll("src_1", large);
  assert.deepEqual(it.requests.map(({ json }) => json.items.length), [3, 2]);
});

test("a snapshot is completed with what was sent, and aborted when something is missing", async () => {
  const incomplete = refusal(409, "snapshot_incomplete");
  const it = script(opened, answer(), answer(), incomplete, answer());
  await assert.rejects(it.client.items.replace("src_1", items), { code: "snapshot_incomplete" });
  assert.deepEqual(it.requests[3].json, { parts: 2, items: 1_500 });
  assert.equal(it.asked().at(-1), aborted);
  const done = { snapshot: { ...SNAPSHOT, state: "completed", counts: { created: 1_500 } } };
  const told = [];
  const whole = script(opened, answer(), answer(), answer(200, done));
  assert.deepEqual(await whole.client.items.replace("src_1", items, { progress: (n) => told.push(n) }), { created: 1_500 });
  assert.deepEqual(told, [0, 1_000, 1_500]);
});

test("whatever ends a snapshot early, nothing is removed", async () => {
  const reason = new Error("enough");
  async function* failing() {
    yield* items;
    yield* items;
    throw reason;
  }
  const it = script(opened, answer(), answer(), answer());
  await assert.rejects(it.client.items.replace("src_1", failing()), reason);
  const controller = new AbortController();
  const stopped = script(opened, answer(), answer());
  const progress = (sent) => sent > 0 && controller.abort(reason);
  await assert.rejects(stopped.client.items.replace("src_1", items, { progress, signal: controller.signal }), reason);
  const fault = { index: 5, externalItemId: "item-1005", path: "items[5].title", message: "is bad" };
  const refused = script(opened, answer(), refusal(400, "validation_error", [fault]), broken());
  await assert.rejects(refused.client.items.replace("src_1", items), (error) => error.faults[0].index === 1_005);
  for (const each of [it, stopped, refused]) {
    assert.equal(each.asked().at(-1), aborted);
    assert.ok(!each.asked().some((asked) => asked.endsWith("/complete")));
  }
});

const RUN = { id: "run_1", state: "planning", lastError: null };

test("a run is waited for in bounds, and until the signal", async () => {
  const it = script(answer(202, { run: RUN }), ...Array(99).fill(answer(200, { run: RUN })));
  await assert.rejects(it.client.runs.start("src_1", {}, { timeoutSeconds: 30 }), (error) => {
    assert.equal(error.message, "run_1 is still planning after 30 s");
    return error.name === "StillUnderWayError" && error.last.id === "run_1";
  });
  assert.deepEqual(it.waits.slice(0, 3), [0.5, 0.75, 1.125]);
  assert.equal(it.waits.reduce((sum, each) => sum + each), 30);
  const controller = new AbortController();
  const last = () => (controller.abort(new Error("enough")), answer(200, { run: RUN })());
  const stopped = script(answer(202, { run: RUN }), last);
  await assert.rejects(stopped.client.runs.start("src_1", {}, { signal: controller.signal }), { message: "enough" });
  const failed = { ...RUN, state: "failed", lastError: { code: "internal_error", message: "it broke" } };
  const broke = script(answer(201, { run: failed })).client.runs.start("src_1");
  await assert.rejects(broke, { name: "FailedError", code: "internal_error", ended: failed });
});

test("a reviewed plan is published, or nothing", async () => {
  const it = script(refusal(409, "stale_plan"));
  await assert.rejects(it.client.runs.apply("src_1", "run_1", { planVersion: 2 }), { code: "stale_plan" });
  const anew = script(refusal(409, "stale_plan"), answer(200, { status: "published" }));
  assert.equal((await anew.client.runs.apply("src_1", "run_1")).status, "published");
});

test("exports and erasures are waited for", async () => {
  const writing = answer(200, { export: { id: "exp_1", state: "writing", error: null } });
  const failed = answer(200, { export: { id: "exp_1", state: "failed", error: { code: "export_failed", message: "no" } } });
  await assert.rejects(script(writing, failed).client.exports.wait("src_1", "gen_1", "exp_1"), { code: "export_failed" });
  const erasure = answer(200, { erasure: { id: "era_1", state: "waiting" } });
  await assert.rejects(script(...Array(99).fill(erasure)).client.erasures.wait("src_1", "era_1", { timeoutSeconds: 60 }), { name: "StillUnderWayError" });
});

const IMPORT = { id: "imp_1", state: "awaiting_upload", error: null };
const UPLOAD = { url: "https://storage.example/1?signature=s", headers: { "If-None-Match": "*", "x-amz-meta-a": "b" } };
const created = answer(201, { import: IMPORT, upload: UPLOAD });
const seen = (state, error = null) => answer(200, { import: { ...IMPORT, state, error } });
const stored = (status, headers) => () => new Response(null, { status, headers });
const file = new Blob(['{"externalItemId": "a"}\n'.repeat(30_000)]);

test("a file is uploaded without the key, and told how far it is", async () => {
  const it = script(created, stored(200), seen("queued"), seen("staging"), seen("completed"));
  const told = [];
  const ended = await it.client.imports.run("src_1", file, { mode: "snapshot" }, { progress: (...at) => told.push(at) });
  assert.equal(ended.state, "completed");
  assert.deepEqual(told, [262_144, 524_288, 720_000].map((sent) => [sent, 720_000]));
  const sent = it.requests[1];
  assert.deepEqual([sent.url, sent.redirect, sent.content.length], [UPLOAD.url, "manual", 720_000]);
  assert.deepEqual(["Authorization", "Content-Length", "x-amz-meta-a"].map((name) => sent.headers.get(name)), [null, "720000", "b"]);
});

test("an upload that broke is sent from its beginning, and one whose answer was lost has arrived", async () => {
  const it = script(broken(), stored(503), stored(200), seen("queued"));
  const given = { import: IMPORT, upload: UPLOAD };
  assert.equal((await it.client.imports.upload("src_1", given, file)).state, "queued");
  assert.deepEqual(it.requests.slice(0, 3).map(({ content }) => content.length), [720_000, 720_000, 720_000]);
  const lost = script(broken(), stored(412), seen("queued"), seen("queued"));
  assert.equal((await lost.client.imports.upload("src_1", given, file)).state, "queued");
  for (const answers of [[stored(412)], [broken(), stored(412), seen("awaiting_upload")]]) {
    await assert.rejects(script(...answers).client.imports.upload("src_1", given, file), { name: "UploadError", status: 412 });
  }
});

test("an upload that is refused gives its place back", async () => {
  for (const status of [302, 307, 400, 403]) {
    const it = script(created, stored(status, { Location: "https://thief.example/" }), seen("cancelled"));
    await assert.rejects(it.client.imports.run("src_1", file, { mode: "upsert" }), (error) => error.status === status && !error.message.includes("signature"));
    assert.equal(it.asked().at(-1), "POST /sources/src_1/imports/imp_1/cancel");
  }
  const empty = script(created, seen("cancelled"));
  await assert.rejects(empty.client.imports.run("src_1", new Blob([]), { mode: "upsert" }), { name: "InvalidArgumentError" });
});

test("a file that changes on its way is told", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "client-")), "items.ndjson");
  writeFileSync(path, "a".repeat(600_000));
  const changing = await openAsBlob(path);
  writeFileSync(path, "b");
  const it = script(created, stored(200), seen("cancelled"));
  await assert.rejects(it.client.imports.run("src_1", changing, { mode: "upsert" }), { name: "UploadError" });
  assert.equal(it.waits.length, 0);
});

test("an import that ended badly is told", async () => {
  for (const state of ["failed", "cancelled", "expired"]) {
    const error = state === "failed" ? { code: "too_many_rejected", message: "12 lines are bad" } : null;
    const it = script(seen(state, error));
    await assert.rejects(it.client.imports.wait("src_1", "imp_1"), { name: "FailedError", code: error?.code ?? `import_${state}` });
  }
});

test("content hashes are those of the contract", async () => {
  for (const { about, sent, contentHash } of JSON.parse(readFileSync(process.env.HASH_VECTORS))) {
    assert.equal(await package_.contentHashOfJson(sent), contentHash, about);
  }
  const { contentHash, contentHashOfJson } = package_;
  const least = await contentHashOfJson('{"externalItemId": "a", "title": "A", "content": "a"}');
  assert.equal(await contentHash({ ...ITEM, sourceVersion: 3, url: undefined, tags: [], metadata: {} }), least);
  // As it goes out: JavaScript writes 1.0 as 1, and large doubles without a point.
  const text = '{"externalItemId": "a", "title": "A", "content": "a", "metadata": {"n": [1, 0.5, 10000000000000000, 1e21, 0.00001]}}';
  assert.equal(await contentHash({ ...ITEM, metadata: { n: [1, 0.5, 1e16, 1e21, 1e-5] } }), await contentHashOfJson(text));
  await contentHash({ ...ITEM, content: '\\"\n'.repeat(400_000) });
  for (const bad of [{ ...ITEM, content: "\ud83d" }, { ...ITEM, metadata: { n: Number.NaN } }]) {
    await assert.rejects(contentHash(bad), { name: "InvalidArgumentError" });
  }
  for (const bad of ["[]", "1", "{", "null"]) await assert.rejects(contentHashOfJson(bad), { name: "InvalidArgumentError" });
});
