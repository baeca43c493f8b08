/** Runs: what differs between the staging set and what is served, and publishing it. */

import { FailedError } from "../errors.js";
import { Listing } from "../listing.js";
import type { ApplyRunRequest, CreateRunRequest, DiscardRunRequest, PublishedResponse, Run, RunChange } from "../models.js";
import type { Reading, Writing } from "../transport.js";
import { type ListQuery, pathTo, Resource, type Waiting, whole } from "./resource.js";

/** The API plans again by itself, and says so: whoever reviewed a plan must review that one. */
const OTHER_THAN_REVIEWED = ["stale_plan", "stale_base"];

/** `client.runs`. */
export class Runs extends Resource {
  /** Find what differs, and wait for it; throws FailedError when it can't be planned, StillUnderWayError. */
  async start(sourceId: string, wanted: CreateRunRequest = {}, waiting: Waiting & Writing = {}): Promise<Run> {
    const { run } = await this.api.write("POST", pathTo("sources", sourceId, "runs"), wanted, waiting);
    return run.state === "planning" ? this.wait(sourceId, run.id, waiting) : planned(run);
  }

  /** Wait until a run is planned; throws FailedError when it can't be, StillUnderWayError. */
  async wait(sourceId: string, runId: string, waiting: Waiting = {}): Promise<Run> {
    const look = (): Promise<Run> => this.get(sourceId, runId, waiting);
    return planned(await this.waitFor(look, (run) => run.state === "planning", runId, waiting));
  }

  /** Read a run. */
  async get(sourceId: string, runId: string, reading: Reading = {}): Promise<Run> {
    return (await this.api.get(pathTo("sources", sourceId, "runs", runId), {}, reading))["run"];
  }

  /** List a source's runs, the newest first. */
  list(sourceId: string, query: ListQuery<"list_runs"> = {}): Listing<Run> {
    return new Listing(this.api, pathTo("sources", sourceId, "runs"), "runs", query);
  }

  /** List what a run would change: all, or one `change` such as `removed`. */
  changes(sourceId: string, runId: string, query: ListQuery<"list_changes"> = {}): Listing<RunChange> {
    return new Listing(this.api, pathTo("sources", sourceId, "runs", runId, "changes"), "changes", query);
  }

  /**
   * Publish a run.
   *
   * With the `planVersion` that was reviewed, a run that was planned again since throws ConflictError (`stale_plan`,
   * `stale_base`) and publishes nothing. Without one it is published as it was planned anew.
   */
  async apply(sourceId: string, runId: string, reviewed: ApplyRunRequest = {}, writing: Writing = {}): Promise<PublishedResponse> {
    const path = pathTo("sources", sourceId, "runs", runId, "apply");
    const finalCodes = reviewed.planVersion === undefined ? [] : OTHER_THAN_REVIEWED;
    return whole(await this.api.write("POST", path, reviewed, writing, { finalCodes }));
  }

  /** Decide that a run is not to be published; twice is the same as once. */
  async discard(sourceId: string, runId: string, wanted: DiscardRunRequest = {}, writing: Writing = {}): Promise<Run> {
    return (await this.api.write("POST", pathTo("sources", sourceId, "runs", runId, "discard"), wanted, writing))["run"];
  }
}

function planned(run: Run): Run {
  if (run.state !== "failed") return run;
  const why = run.lastError ?? { code: "run_failed", message: "the run failed" };
  throw new FailedError(`${run.id}: ${why.message}`, why.code, run);
}
