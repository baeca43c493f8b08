/** What every part of the client is made of. */

import type { Json } from "../answers.js";
import { pathSegment } from "../bodies.js";
import { StillUnderWayError } from "../errors.js";
import type { Listed } from "../listing.js";
import type { operations } from "../models.js";
import type { Reading, Transport } from "../transport.js";

const FIRST_LOOK_SECONDS = 0.5;
const LONGEST_BETWEEN_SECONDS = 10;

/** What a list takes: the query of its operation, and how it is read. */
export type ListQuery<Name extends keyof operations> = NonNullable<operations[Name]["parameters"]["query"]> & Listed;

/** How long something is waited for. */
export interface Waiting extends Reading {
  readonly timeoutSeconds?: number;
}

/** A part of the client; all parts send by the same transport. */
export abstract class Resource {
  protected readonly api: Transport;

  constructor(api: Transport) {
    this.api = api;
  }

  /** Look at something, ever less often, until it has ended; throws StillUnderWayError when it takes longer. */
  protected async waitFor<Thing extends { state: string }>(
    look: () => Promise<Thing>,
    underWay: (thing: Thing) => boolean,
    what: string,
    { timeoutSeconds = 900, signal }: Waiting,
  ): Promise<Thing> {
    const { clock, sleep } = this.api.sending;
    const deadline = clock() + timeoutSeconds;
    for (let pause = FIRST_LOOK_SECONDS; ; pause = Math.min(pause * 1.5, LONGEST_BETWEEN_SECONDS)) {
      const thing = await look();
      if (!underWay(thing)) return thing;
      const left = deadline - clock();
      if (left <= 0) throw new StillUnderWayError(`${what} is still ${thing.state} after ${timeoutSeconds} s`, thing);
      await sleep(Math.min(pause, left), signal);
    }
  }
}

/** Join segments to a path, each percent-encoded; throws InvalidArgumentError for one that can't be an id. */
export function pathTo(...segments: string[]): string {
  return `/v1/${segments.map(pathSegment).join("/")}`;
}

/** Take the whole of an answer for what the contract says it is. */
export function whole<Answer>(body: Json): Answer {
  return body as Answer;
}
