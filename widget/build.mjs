// Builds src/ into one file, and puts it where `serve_site` finds it, under a name that its bytes decide:
//
//     node build.mjs [FOLDER]      FOLDER is functions/serve_site/site by default
//
// A file that was once built is never written again with other bytes, so pages that name it with its hash go on working.
import { build, transform } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const site = process.argv[2] ?? join(here, "..", "functions", "serve_site", "site");
// Browsers since May 2024: they know `light-dark()`, which decides.
const TARGET = ["es2022", "chrome123", "firefox120", "safari17.5"];
const { version } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));

async function loadStyle({ path }) {
  const { code } = await transform(readFileSync(path, "utf8"), { loader: "css", minify: true, target: TARGET });
  return { contents: code, loader: "text" };
}

const { outputFiles } = await build({
  absWorkingDir: here,
  entryPoints: ["src/main.ts"],
  bundle: true,
  minify: true,
  format: "esm",
  target: TARGET,
  charset: "utf8",
  legalComments: "none",
  banner: { js: `/* <knowledge-widget> ${version}, Apache-2.0 */` },
  plugins: [{ name: "style", setup: (bundler) => bundler.onLoad({ filter: /\.css$/ }, loadStyle) }],
  write: false,
});
const bytes = outputFiles[0].contents;
const folder = `${version}-${createHash("sha256").update(bytes).digest("hex").slice(0, 8)}`;
const manifest = {
  version,
  file: `${folder}/widget.js`,
  integrity: `sha384-${createHash("sha384").update(bytes).digest("base64")}`,
};
mkdirSync(join(site, "widget", folder), { recursive: true });
writeFileSync(join(site, "widget", manifest.file), bytes);
writeFileSync(join(site, "widget", "widget.json"), JSON.stringify(manifest, null, 2) + "\n");
console.log(`${manifest.file}, ${bytes.length} bytes`);
