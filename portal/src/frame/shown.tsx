/** The screen of the address, loaded when it is first opened. */

import type { FunctionComponent } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../messages/index.js";
import { go, href, place } from "../routes.js";
import { type Screen, SCREENS } from "../screens/index.js";
import { caller } from "../session.js";
import { remember, sourceId, sources } from "../sources.js";
import { Failure } from "../ui/failure.js";

const loaded = new Map<string, FunctionComponent>();

export function Shown() {
  const { screen, path, query } = place.value;
  const found = SCREENS.find((each) => each.name === screen);
  const needed = found?.ofSource && !path[0]?.startsWith("src_") ? sourceId.value : null;
  useEffect(() => {
    // An address without a source is that of the one looked at last.
    if (needed !== null) go(href(screen, [needed, ...path], query), true);
    else if (path[0]?.startsWith("src_")) remember(path[0]);
  }, [needed, path[0]]);
  if (found === undefined) return <Nowhere />;
  // A screen asks for what the session may see, so it begins once that is known.
  if (caller.value === null) return <Waiting />;
  if (found.ofSource && sources.value !== null && sourceId.value === null) return <Loader screen={SCREENS[0]!} key="home" />;
  if (needed !== null || (found.ofSource && sourceId.value === null)) return <Waiting />;
  return <Loader screen={found} key={found.name} />;
}

function Loader({ screen }: { screen: Screen }) {
  const [, setTurn] = useState(0);
  const [error, setError] = useState<unknown>();
  const Content = loaded.get(screen.name);
  const load = (): void => {
    setError(undefined);
    screen.load().then(
      (module) => (loaded.set(screen.name, module.default), setTurn((turn) => turn + 1)),
      setError,
    );
  };
  useEffect(() => void (Content === undefined && load()), []);
  if (error !== undefined) return <Failure error={error} again={load} />;
  return Content === undefined ? <Waiting /> : <Content />;
}

export function Waiting() {
  return <p class="waiting quiet" aria-busy="true">{t("app.loading")}</p>;
}

function Nowhere() {
  return (
    <div class="empty">
      <h1>{t("error.screen")}</h1>
      <a class="button main" href={href("home")}>{t("nav.home")}</a>
    </div>
  );
}
