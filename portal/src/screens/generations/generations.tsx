/** Generations: what is live and what was, what separates any two, and the way back. */

import { place } from "../../routes.js";
import { Compare } from "./compare.js";
import { Timeline } from "./timeline.js";
import "./generations.css";

export default function Generations() {
  const [sourceId, generationId] = place.value.path;
  if (sourceId === undefined) return null;
  if (generationId === undefined) return <Timeline key={sourceId} sourceId={sourceId} />;
  return <Compare key={sourceId} sourceId={sourceId} generationId={generationId} />;
}
