// Builds src/ into the folder that `serve_site` serves. A file lies in a folder whose name ends in a hash of its bytes,
// so that browsers keep it for a year; the page itself they ask for anew.
import { defineConfig } from "vite";

const named = "[name]-[hash:8]/[name]";

export default defineConfig({
  // Below any host and stage.
  base: "./",
  build: {
    outDir: "../functions/serve_site/site/portal",
    emptyOutDir: true,
    // Browsers since May 2024: they know `light-dark()`, which decides.
    target: ["es2022", "chrome123", "firefox120", "safari17.5"],
    // A page's policy takes files of its own alone: nothing may become a data: address.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        hashCharacters: "hex",
        entryFileNames: `${named}.js`,
        chunkFileNames: `${named}.js`,
        assetFileNames: `${named}[extname]`,
      },
    },
  },
});
