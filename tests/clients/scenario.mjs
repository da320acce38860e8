// What both TypeScript clients do, in one place. Each brings its own `Client`; this file knows
// neither SDK. One JSON object a line goes out for everything seen; judging it is the caller's part.

import { randomBytes } from "node:crypto";
import { appendFileSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";

const TIME_LIMIT = 60_000;
// The command and two children.
const TREE = 3;

/** Loads a package of the test tools, wherever those are installed. */
export const requireTool = createRequire(`${process.env.MCPFIER_TEST_TOOLS}/package.json`);

function saw(what, facts) {
  console.log(JSON.stringify({ saw: what, ...facts }));
}

function textOf(result) {
  return result.content.filter((block) => block.type === "text").map((block) => block.text).join("");
}

/** How many processes carry the marker in their command line. */
function alive(marker) {
  const carries = (pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(marker);
    } catch {
      return false; // it ended while we were looking
    }
  };
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).filter(carries).length;
}

const seconds = (since) => (performance.now() - since) / 1000;

async function call(session, label, name, args) {
  const result = await session.call(name, args, {});
  saw("result", { of: label, is_error: result.isError === true, text: textOf(result) });
}

async function callUnknown(session) {
  try {
    await session.call("no-such-tool", {}, {});
    saw("refusal", { code: null });
  } catch (refusal) {
    saw("refusal", { code: refusal.code });
  }
}

async function watch(session) {
  const notes = [];
  const started = performance.now();
  const onprogress = ({ progress, message }) => notes.push({ progress, message });
  const result = await session.call("count", { to: 5 }, { onprogress });
  saw("progress", { notes: [...notes], seconds: seconds(started), text: textOf(result) });
}

/** Starts a tree of processes, aborts the call, and sees how long they live on. */
export async function cancel(session) {
  const marker = `node-${randomBytes(8).toString("hex")}`;
  const abort = new AbortController();
  const up = Promise.withResolvers();
  const onprogress = ({ message }) => message?.includes("up") && up.resolve();
  const ended = session
    .call("stay", { marker }, { onprogress, signal: abort.signal })
    .then(() => "answered", () => "aborted");
  await Promise.race([up.promise, ended]);
  // A process that is just being executed has no command line for a moment.
  let before = 0;
  while ((before = alive(marker)) < TREE) await sleep(20);
  abort.abort("the test has seen enough");
  const cancelled = performance.now();
  const end = await ended;
  while (alive(marker) > 0 && seconds(cancelled) < 5) await sleep(20);
  saw("cancel", { end, alive_before: before, alive_after: alive(marker), seconds: seconds(cancelled) });
}

/** Adds a command to the file that is served, and waits for the client to learn of it. */
async function change(file, changed) {
  appendFileSync(file, "  - { name: fresh, description: It was not here before., script: echo }\n");
  const started = performance.now();
  const [error, tools] = await changed;
  const names = tools?.map((tool) => tool.name);
  saw("change", { error: error?.message, tools: names, seconds: seconds(started) });
}

/** Runs every step with a connected session and ends the process. */
export async function play(connect) {
  const limit = setTimeout(() => {
    console.error(`not done within ${TIME_LIMIT / 1000} seconds`);
    process.exit(1);
  }, TIME_LIMIT);
  const [command, ...args] = process.argv.slice(3);
  const changed = Promise.withResolvers();
  const listChanged = { tools: { onChanged: (...news) => changed.resolve(news) } };
  const session = await connect({ command, args, stderr: "inherit" }, listChanged);
  saw("server", { revision: session.revision, name: session.name });
  saw("tools", { tools: await session.tools() });
  await call(session, "call", "say", { text: "hello from Node" });
  await call(session, "bad arguments", "say", { text: "", volume: 11, extra: 1 });
  await call(session, "failure", "fail", {});
  await callUnknown(session);
  await watch(session);
  await cancel(session);
  await call(session, "call after cancel", "say", { text: "still here" });
  await change(args[args.indexOf("--config") + 1], changed.promise);
  const closing = performance.now();
  await session.close();
  saw("closed", { seconds: seconds(closing) });
  clearTimeout(limit);
}
