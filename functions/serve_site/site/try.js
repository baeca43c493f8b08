// The page to try the widget on: `try.html#pk_live_...`. What stands behind # is sent to nobody.
import "./widget/latest/widget.js";

const settings = document.querySelector("#settings");
const place = document.querySelector("#widget");
const { file, integrity } = await (await fetch("widget/widget.json")).json();
const source = new URL(`widget/${file}`, location.href).href;

function show() {
  const { key, theme, lang } = Object.fromEntries(new FormData(settings));
  const attributes = Object.entries({ key: key || "pk_live_...", theme, lang }).filter(([name, value]) => value && value !== "en");
  document.querySelector("#snippet").textContent =
    `<script type="module" src="${source}"\n        integrity="${integrity}"\n        crossorigin="anonymous"></script>\n` +
    `<knowledge-widget ${attributes.map(([name, value]) => `${name}="${value}"`).join(" ")}></knowledge-widget>\n`;
  if (!key) return place.replaceChildren();
  const widget = document.createElement("knowledge-widget");
  widget.lang = lang;
  for (const [name, value] of attributes) widget.setAttribute(name, value);
  place.replaceChildren(widget);
}

function readKey() {
  settings.elements.key.value = decodeURIComponent(location.hash.slice(1));
  show();
}

settings.addEventListener("change", show);
settings.addEventListener("submit", (event) => event.preventDefault());
addEventListener("hashchange", readKey);
readKey();
