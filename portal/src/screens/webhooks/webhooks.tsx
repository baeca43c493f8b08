/** Webhooks: who is told of what happens, and whether it arrived. */

import { t } from "../../messages/index.js";
import { place } from "../../routes.js";
import { scopes } from "../../session.js";
import { Notice } from "../../ui/chip.js";
import { Endpoint } from "./endpoint.js";
import { Endpoints } from "./endpoints.js";
import "./webhooks.css";

export default function Webhooks() {
  const [id] = place.value.path;
  const may = scopes.value.has("webhooks:manage");
  if (may && id !== undefined) return <Endpoint id={id} key={id} />;
  return (
    <>
      <Endpoints may={may} />
      {!may && <Notice tone="still">{t("scope.needed", { scope: "webhooks:manage" })}</Notice>}
    </>
  );
}
