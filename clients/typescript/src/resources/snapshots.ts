/** Snapshots in parts, step by step. `client.items.replace` does all of them. */

import { Listing } from "../listing.js";
import type { CompleteSnapshotRequest, ItemInput, Snapshot, SnapshotPartResponse } from "../models.js";
import type { Reading, Writing } from "../transport.js";
import { type ListQuery, pathTo, Resource, whole } from "./resource.js";

/** `client.snapshots`. */
export class Snapshots extends Resource {
  /** List a source's snapshots, the newest first. */
  list(sourceId: string, query: ListQuery<"list_snapshots"> = {}): Listing<Snapshot> {
    return new Listing(this.api, pathTo("sources", sourceId, "snapshots"), "snapshots", query);
  }

  /** Open a snapshot; throws ConflictError (`snapshot_open`) while another one is. */
  async open(sourceId: string, writing: Writing = {}): Promise<Snapshot> {
    return (await this.api.write("POST", pathTo("sources", sourceId, "snapshots"), undefined, writing))["snapshot"];
  }

  /** Read a snapshot. */
  async get(sourceId: string, snapshotId: string, reading: Reading = {}): Promise<Snapshot> {
    return (await this.api.get(pathTo("sources", sourceId, "snapshots", snapshotId), {}, reading))["snapshot"];
  }

  /** Send a part; one that is sent again under its number takes the place of the first. */
  async putPart(
    sourceId: string,
    snapshotId: string,
    partNumber: number,
    items: readonly ItemInput[],
    writing: Writing = {},
  ): Promise<SnapshotPartResponse> {
    const path = pathTo("sources", sourceId, "snapshots", snapshotId, "parts", String(partNumber));
    return whole(await this.api.write("PUT", path, { items }, writing));
  }

  /**
   * Remove what no part names. Say how many `parts` and `items` were sent: if some did not arrive, it is refused
   * (`snapshot_incomplete`). An answer that is still `completing` asks for the same call again.
   */
  async complete(
    sourceId: string,
    snapshotId: string,
    sent: CompleteSnapshotRequest = {},
    writing: Writing = {},
  ): Promise<Snapshot> {
    const path = pathTo("sources", sourceId, "snapshots", snapshotId, "complete");
    return (await this.api.write("POST", path, sent, writing))["snapshot"];
  }

  /** End an open snapshot: nothing is removed, and what its parts brought stays. */
  async abort(sourceId: string, snapshotId: string, writing: Writing = {}): Promise<Snapshot> {
    const path = pathTo("sources", sourceId, "snapshots", snapshotId);
    return (await this.api.write("DELETE", path, undefined, writing))["snapshot"];
  }
}
