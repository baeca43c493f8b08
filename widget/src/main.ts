/** The file that a page loads. Loading it twice does nothing twice. */

import { KnowledgeWidget } from "./element";

if (!customElements.get("knowledge-widget")) customElements.define("knowledge-widget", KnowledgeWidget);
