/** Erasures: content taken back from everything that is kept. */

import { Listing } from "../listing.js";
import type { CreateErasureRequest, Erasure } from "../models.js";
import type { Reading, Writing } from "../transport.js";
import { type ListQuery, pathTo, Resource, type Waiting } from "./resource.js";

/** `client.erasures`. */
export class Erasures extends Resource {
  /** Take the items of `externalItemIds` back, for good. */
  async create(sourceId: string, wanted: CreateErasureRequest, writing: Writing = {}): Promise<Erasure> {
    return (await this.api.write("POST", pathTo("sources", sourceId, "erasures"), wanted, writing))["erasure"];
  }

  /** Read the receipt of an erasure. */
  async get(sourceId: string, erasureId: string, reading: Reading = {}): Promise<Erasure> {
    return (await this.api.get(pathTo("sources", sourceId, "erasures", erasureId), {}, reading))["erasure"];
  }

  /** Wait until an erasure is completed, an hour or so; throws StillUnderWayError. */
  wait(sourceId: string, erasureId: string, waiting: Waiting = {}): Promise<Erasure> {
    const look = (): Promise<Erasure> => this.get(sourceId, erasureId, waiting);
    const patient = { timeoutSeconds: 7200, ...waiting };
    return this.waitFor(look, (erasure) => erasure.state !== "completed", erasureId, patient);
  }

  /** List a source's erasures, the newest first. */
  list(sourceId: string, query: ListQuery<"list_erasures"> = {}): Listing<Erasure> {
    return new Listing(this.api, pathTo("sources", sourceId, "erasures"), "erasures", query);
  }
}
