/** Keys: who and what may use the API. */

import { t } from "../../messages/index.js";
import { place } from "../../routes.js";
import { scopes } from "../../session.js";
import { Notice } from "../../ui/chip.js";
import { KeyList } from "./key_list.js";
import { KeyPage } from "./key_page.js";
import "./keys.css";

export default function Keys() {
  const [id] = place.value.path;
  const may = scopes.value.has("keys:manage");
  if (may && id !== undefined) return <KeyPage id={id} key={id} />;
  return (
    <>
      <KeyList may={may} />
      {!may && <Notice tone="still">{t("scope.needed", { scope: "keys:manage" })}</Notice>}
    </>
  );
}
