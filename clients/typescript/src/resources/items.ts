/** Items of a source's staging set: what is to be served once a run is applied. */

import type { Items as AnyItems } from "../bodies.js";
import { Listing } from "../listing.js";
import type { BatchCounts, BatchResponse, HistoryEntry, Item, ItemInput, PushResponse, RemovalInput, WrittenItem } from "../models.js";
import { pushInBatches, replaceInParts, type SendingSet } from "../sending.js";
import type { Changing, Creating, Reading, Rereading, Writing } from "../transport.js";
import { type ListQuery, pathTo, Resource, whole } from "./resource.js";

/** `client.items`. */
export class Items extends Resource {
  /** List what is staged. `withContent` reads the `content` of each, large ones by their links. */
  list(sourceId: string, query: ListQuery<"list_items"> = {}): Listing<Item> {
    return new Listing(this.api, pathTo("sources", sourceId, "items"), "items", query);
  }

  /** Read a staged item with its content; throws NotModifiedError when it is what the tag names. */
  async get(sourceId: string, externalItemId: string, reading: Rereading = {}): Promise<Item> {
    return (await this.api.get(pathTo("sources", sourceId, "items", externalItemId), {}, reading))["item"];
  }

  /**
   * List the published generations that changed an item, the newest first.
   *
   * `answers()` also tells whether it was served before what is kept (`earlier`), or was erased (`erasedAt`).
   */
  history(sourceId: string, externalItemId: string, query: ListQuery<"list_item_history"> = {}): Listing<HistoryEntry> {
    return new Listing(this.api, pathTo("sources", sourceId, "items", externalItemId, "history"), "history", query);
  }

  /**
   * Create or replace one item.
   *
   * `ifMatch` is the tag (`etagOf`) of what it may replace, `ifNoneMatch: "*"` creates and replaces nothing; throws
   * PreconditionFailedError when something else is there.
   */
  async push(sourceId: string, item: ItemInput, writing: Creating = {}): Promise<PushResponse> {
    return whole(await this.api.write("POST", pathTo("sources", sourceId, "items"), item, writing));
  }

  /** Push and remove in one request, all or nothing, and leave the others; it takes 5 000, and 8 MiB of JSON. */
  async pushBatch(
    sourceId: string,
    items: readonly ItemInput[],
    { removals = [], ...writing }: Writing & { readonly removals?: readonly (string | RemovalInput)[] } = {},
  ): Promise<BatchResponse> {
    const named = removals.map((each) => (typeof each === "string" ? { externalItemId: each } : each));
    const path = pathTo("sources", sourceId, "items", "batch");
    return whole(await this.api.write("POST", path, { items, removals: named }, writing));
  }

  /**
   * Push any number of items, in as many batches as it takes; returns how many came to what.
   *
   * Only one batch is held, so `items` may be a generator. Each batch is all or nothing by itself: when one is refused,
   * the error's `sent` tells how many items went before it, and its faults count from the first item of all. A job that
   * is started again with the same items and the same `idempotencyKey` within a day gets the same answers.
   */
  pushAll(sourceId: string, items: AnyItems<ItemInput>, sending: SendingSet & Writing = {}): Promise<BatchCounts> {
    return pushInBatches((part, writing) => this.pushBatch(sourceId, part, writing), items, sending);
  }

  /**
   * Make the staging set exactly these items: what they do not name is removed, and dropped after the grace.
   *
   * Many go in parts, of which two are held at a time. Nothing is removed before every part has arrived: if one is
   * refused, if `items` throws, or when the signal is aborted, the snapshot is aborted, and what its parts brought stays
   * staged.
   */
  replace(
    sourceId: string,
    items: AnyItems<ItemInput>,
    sending: SendingSet & Reading & { readonly allowEmpty?: boolean } = {},
  ): Promise<BatchCounts> {
    return replaceInParts(this.api, pathTo("sources", sourceId), items, sending);
  }

  /** Remove an item, if it is what the tag names; it is served until the source's `graceDays` have passed. */
  async remove(
    sourceId: string,
    externalItemId: string,
    { sourceVersion, ...writing }: Changing & { readonly sourceVersion?: number } = {},
  ): Promise<WrittenItem> {
    const path = pathTo("sources", sourceId, "items", externalItemId);
    return (await this.api.write("DELETE", path, undefined, writing, { query: { sourceVersion } }))["item"];
  }

  /** Take a removal back. */
  async restore(sourceId: string, externalItemId: string, writing: Writing = {}): Promise<WrittenItem> {
    const path = pathTo("sources", sourceId, "items", externalItemId, "restore");
    return (await this.api.write("POST", path, undefined, writing))["item"];
  }
}

