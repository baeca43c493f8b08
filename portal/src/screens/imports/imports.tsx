/** Imports: files of many items on their way in, and what was wrong with them. */

import { place } from "../../routes.js";
import "../content/content.css";
import { ImportList } from "./import_list.js";
import { OneImport } from "./one_import.js";
import "./imports.css";

export default function Imports() {
  const [sourceId, importId] = place.value.path;
  if (sourceId === undefined) return null;
  if (importId === undefined) return <ImportList key={sourceId} sourceId={sourceId} />;
  return <OneImport key={importId} sourceId={sourceId} importId={importId} />;
}
