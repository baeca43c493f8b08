/** Home: is it live, what waits, and what needs a look. Without a source it is the quickstart. */

import { useState } from "preact/hooks";
import { t } from "../../messages/index.js";
import { readSources, sources } from "../../sources.js";
import { Waiting } from "../../frame/shown.js";
import { TenantBanners } from "./banners.js";
import { SourceCard } from "./card.js";
import { Quickstart } from "./quickstart.js";
import "./home.css";

/** Each card asks five times, so many sources are shown when they are asked for. */
const SHOWN = 6;

export default function Home() {
  const [all, setAll] = useState(false);
  // Who began the quickstart sees its end, though there is a source by then.
  const [starting, setStarting] = useState(false);
  const known = sources.value;
  if (known === null) return <Waiting />;
  if (starting || known.length === 0) {
    return <Quickstart onBegin={() => setStarting(true)} onDone={() => (setStarting(false), void readSources())} />;
  }
  const shown = all ? known : known.slice(0, SHOWN);
  return (
    <>
      <header class="head">
        <div>
          <h1>{t("home.title")}</h1>
          <p>{t("home.lead", { n: known.length })}</p>
        </div>
      </header>
      <div class="stack">
        <TenantBanners />
        <div class="cards">{shown.map((source) => <SourceCard key={source.id} listed={source} />)}</div>
        {shown.length < known.length && (
          <button type="button" class="button" onClick={() => setAll(true)}>{t("home.more", { n: known.length })}</button>
        )}
      </div>
    </>
  );
}
