// Plays ../postman_collection.json with newman, from registering to resetting on
// both contracts.
//
//   node play.mjs PROGRAM    against a demonstration that it starts and ends
//   node play.mjs URL        against a server that runs already, with --dev-mail
//
// It plays twice, for a story that can be told only once leaves something behind.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";

import newman from "newman";

const run = promisify(newman.run);

async function play(baseUrl) {
  const { run: told } = await run({
    collection: new URL("../postman_collection.json", import.meta.url).pathname,
    envVar: [{ key: "baseUrl", value: baseUrl }],
    reporters: "cli",
    reporter: { cli: { noBanner: true, noSuccessAssertions: true } },
  });
  if (told.failures.length > 0) throw new Error(`${told.failures.length} checks fail`);
  const { total } = told.stats.assertions;
  if (total < 2 * told.stats.items.total) throw new Error(`only ${total} checks were made`);
}

// address is where a demonstration says that it is.
async function address(demo) {
  let said = "";
  for await (const part of demo.stdout) {
    said += part;
    const found = said.match(/"address":\s*"([^"]+)"/);
    if (found) return found[1];
  }
  throw new Error(`the demonstration ended: ${said}`);
}

async function withDemo(program, then) {
  const demo = spawn(program, ["demo", "--addr", "127.0.0.1:0", "--json"], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(demo, "exit");
  try {
    await then(await address(demo));
  } finally {
    demo.kill("SIGTERM");
    await ended;
  }
}

const twice = async (baseUrl) => {
  await play(baseUrl);
  await play(baseUrl);
};

const where = process.argv[2];
if (!where) throw new Error("say which program to play against, or which address");
await (/^https?:/.test(where) ? twice(where) : withDemo(where, twice));
