/** Review: what a source would publish. Its runs, and one of them to read, ask, apply or discard. */

import { place } from "../../routes.js";
import { RunPage } from "./run.js";
import { Runs } from "./runs.js";
import "./review.css";

export default function Review() {
  const [sourceId, runId] = place.value.path;
  if (sourceId === undefined) return null;
  return runId === undefined ? <Runs key={sourceId} sourceId={sourceId} /> : <RunPage key={runId} sourceId={sourceId} runId={runId} />;
}
