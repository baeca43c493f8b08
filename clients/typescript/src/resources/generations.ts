/** Generations: what is served, and what was. */

import { Listing, type WithItems } from "../listing.js";
import type { Generation, GenerationChange, GenerationItem, PublishedResponse, RestoreGenerationRequest } from "../models.js";
import type { Rereading, Writing } from "../transport.js";
import { type ListQuery, pathTo, Resource, whole } from "./resource.js";

const CURRENT = "current";

/** `client.generations`; the generation that is served is also called `current`. */
export class Generations extends Resource {
  /** List the generations that are kept, the newest first. */
  list(sourceId: string, query: ListQuery<"list_generations"> = {}): Listing<Generation> {
    return new Listing(this.api, pathTo("sources", sourceId, "generations"), "generations", query);
  }

  /** Read a generation; throws NotFoundError when it is not kept, or nothing is served yet, NotModifiedError. */
  async get(sourceId: string, generationId = CURRENT, reading: Rereading = {}): Promise<Generation> {
    return (await this.api.get(pathTo("sources", sourceId, "generations", generationId), {}, reading))["generation"];
  }

  /** List what a generation serves. `withContent` reads the `content` of each, large ones by their links. */
  items(sourceId: string, generationId = CURRENT, query: ListQuery<"list_generation_items"> = {}): Listing<GenerationItem> {
    return new Listing(this.api, pathTo("sources", sourceId, "generations", generationId, "items"), "items", query);
  }

  /** Read one item as a generation serves it, with its `content`, or `contentUrl` for a large one. */
  async item(sourceId: string, externalItemId: string, generationId = CURRENT, reading: Rereading = {}): Promise<GenerationItem> {
    const path = pathTo("sources", sourceId, "generations", generationId, "items", externalItemId);
    return (await this.api.get(path, {}, reading))["item"];
  }

  /**
   * List what a generation serves otherwise than another one did, the query's `from`. `withContent` tells each item
   * `before` and `after`, in the fields that differ; `withItems` brings it whole, as it is served since.
   */
  changes(
    sourceId: string,
    generationId: string,
    query: ListQuery<"list_generation_changes"> & WithItems,
  ): Listing<GenerationChange> {
    return new Listing(this.api, pathTo("sources", sourceId, "generations", generationId, "changes"), "changes", query);
  }

  /** Serve what a generation served, as a new one. */
  async restore(
    sourceId: string,
    generationId: string,
    wanted: RestoreGenerationRequest = {},
    writing: Writing = {},
  ): Promise<PublishedResponse> {
    const path = pathTo("sources", sourceId, "generations", generationId, "restore");
    return whole(await this.api.write("POST", path, wanted, writing));
  }
}
