/** How generations are called, and which of them stand together. */

import type { models } from "../../../../clients/typescript/src/index.js";
import { number, t } from "../../messages/index.js";
import { moment } from "../../ui/when.js";

/** A generation, and the compactions of it, which serve the same. */
export interface Step {
  readonly generation: models.Generation;
  readonly tidied: readonly models.Generation[];
}

/** Put compactions, newest first, to the generation that they serve anew; one whose base is not there stands by itself. */
export function stepsOf(generations: readonly models.Generation[]): Step[] {
  const steps: Step[] = [];
  let tidied: models.Generation[] = [];
  generations.forEach((generation, index) => {
    if (generation.origin === "compaction" && index < generations.length - 1) return tidied.push(generation);
    steps.push({ generation, tidied });
    return (tidied = []);
  });
  return steps;
}

/** Whether a step has the generation of that id. */
export function has({ generation, tidied }: Step, id: string | null): boolean {
  return generation.id === id || tidied.some((each) => each.id === id);
}

/** What was said of it, or how it came about. */
export function told(generation: models.Generation): string {
  return generation.message ?? t(`origin.${generation.origin}`);
}

/** One line, to choose it by. */
export function named(generation: models.Generation): string {
  return `${number(generation.sequence)} · ${told(generation).slice(0, 60)} · ${moment(generation.publishedAt)}`;
}
