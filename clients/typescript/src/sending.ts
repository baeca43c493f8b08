/** Sends sets of items that are larger than a request: in batches, or as a snapshot in parts. */

import type { Json } from "./answers.js";
import { type Items, partsOf } from "./bodies.js";
import { ApiError, InvalidArgumentError } from "./errors.js";
import type { BatchCounts, BatchResponse, ItemInput } from "./models.js";
import type { Reading, Transport, Writing } from "./transport.js";

/** What a job's own Idempotency-Key may have behind it, for the number of a batch. */
const KEY_CHARACTERS = 245;

/** What sending a set takes; `progress` is called with the number of items sent so far. */
export interface SendingSet {
  readonly progress?: ((sent: number) => void) | undefined;
}

/** Push items batch by batch; returns the sum of what came of them. */
export async function pushInBatches(
  push: (part: ItemInput[], writing: Writing) => Promise<BatchResponse>,
  items: Items<ItemInput>,
  { progress, idempotencyKey, signal }: SendingSet & Writing,
): Promise<BatchCounts> {
  if (idempotencyKey !== undefined && idempotencyKey.length > KEY_CHARACTERS) {
    throw new InvalidArgumentError(`an Idempotency-Key for many batches has at most ${KEY_CHARACTERS} characters`);
  }
  const total: Record<string, number> = { created: 0, updated: 0, restored: 0, unchanged: 0, removed: 0 };
  let sent = 0;
  let number = 0;
  for await (const part of partsOf(items)) {
    number += 1;
    const key = idempotencyKey === undefined ? undefined : `${idempotencyKey}/${number}`;
    const answer = await namingItemsFrom(sent, () => push(part, { idempotencyKey: key, signal }));
    for (const [result, count] of Object.entries(answer.counts)) total[result] = (total[result] ?? 0) + count;
    sent += part.length;
    progress?.(sent);
  }
  return total as unknown as BatchCounts;
}

/** Make a snapshot of items, at once if one request takes them; `source` is the path of the source. */
export async function replaceInParts(
  api: Transport,
  source: string,
  items: Items<ItemInput>,
  { progress, allowEmpty = false, signal }: SendingSet & Reading & { readonly allowEmpty?: boolean },
): Promise<BatchCounts> {
  const parts = partsOf(items);
  const first = (await parts.next()).value ?? [];
  const second = (await parts.next()).value;
  let answer: Json;
  let meant: { parts: number; items: number } | undefined;
  if (second === undefined) {
    answer = await api.write("POST", `${source}/items/snapshot`, { items: first, allowEmpty }, { signal });
    progress?.(first.length);
  } else {
    const { snapshot } = await api.write("POST", `${source}/snapshots`, undefined, { signal });
    const path = `${source}/snapshots/${snapshot.id as string}`;
    try {
      meant = await sendParts(api, path, [first, second], parts, { progress, signal });
      // What no part names is removed: the API refuses to, unless it has as many parts and items as were sent.
      answer = await api.write("POST", `${path}/complete`, meant, { signal });
    } catch (error) {
      // An open snapshot would stand in the way of the next one, and of runs, for a day. One that is being completed
      // is not aborted: the API says so. Without the signal, which may be what ended this.
      await api.tryOnce({ method: "DELETE", path, idempotencyKey: `abort ${path}`.slice(-255) }).catch(() => undefined);
      throw error;
    }
  }
  // An answer without counts is a snapshot that is still to be completed; so many removals take a few requests.
  while (!("counts" in answer)) {
    const { id, state, counts } = answer["snapshot"] as { id: string; state: string; counts: BatchCounts };
    if (state === "completed") return counts;
    answer = await api.write("POST", `${source}/snapshots/${id}/complete`, meant, { signal });
  }
  return answer["counts"] as BatchCounts;
}

/** Send every part; returns how many there were, and how many items. */
async function sendParts(
  api: Transport,
  path: string,
  begun: ItemInput[][],
  rest: AsyncIterable<ItemInput[]>,
  { progress, signal }: SendingSet & Reading,
): Promise<{ parts: number; items: number }> {
  let items = 0;
  let parts = 0;
  const send = async (part: ItemInput[]): Promise<void> => {
    parts += 1;
    progress?.(items);
    await namingItemsFrom(items, () => api.write("PUT", `${path}/parts/${parts}`, { items: part }, { signal }));
    items += part.length;
  };
  for (const part of begun) await send(part);
  for await (const part of rest) await send(part);
  progress?.(items);
  return { parts, items };
}

/** Have the faults of a request that holds a part of a set count from the first item of the set. */
async function namingItemsFrom<Answer>(sent: number, ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ApiError) error.countFrom(sent);
    throw error;
  }
}
