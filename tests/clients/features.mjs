// What both TypeScript clients try besides plain calls: jobs, prompts, resources, suggestions, questions,
// rich output, logs, changes, tasks. `node features_vN.mjs MODE FOLDER stdio SERVER [ARGUMENT…]`, or
// `… MODE FOLDER http URL KEY`. One JSON object goes out with what was seen of each; what it has to be is
// the caller's part. Each brings a session of its own SDK; this file knows neither.

import { copyFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const TIME_LIMIT = 60_000;

/** Loads a package of the test tools, wherever those are installed. */
export const requireTool = createRequire(`${process.env.MCPFIER_TEST_TOOLS}/package.json`);

/** What the server has said by itself. */
class News {
  heard = [];
  waiting = [];

  hear(method, params) {
    this.heard.push({ method, uri: params?.uri });
    this.waiting = this.waiting.filter((look) => !look());
  }

  /** Resolves with how long it took when this is heard, from now on. */
  async next(method, uri) {
    const [from, began] = [this.heard.length, performance.now()];
    const is = (news) => news.method === method && news.uri === uri;
    await new Promise((resolve) => {
      this.waiting.push(() => this.heard.slice(from).some(is) && (resolve(), true));
    });
    return performance.now() - began;
  }
}

/** Everything of a result but its facts about the run, which are never the same. */
function plain(result) {
  const { _meta, ...rest } = result;
  return rest;
}

function masked(value, id) {
  return JSON.parse(JSON.stringify(value).replaceAll(id, "ID"));
}

const textOf = (result) => result.content.map((block) => block.text ?? "").join("");

/** The outcome of something that may be refused. */
async function outcome(promise) {
  try {
    return plain(await promise);
  } catch (error) {
    return { code: error.code };
  }
}

async function richOutput(session) {
  const facts = {};
  for (const tool of ["picture", "sound", "document", "facts", "mixed"]) {
    facts[tool] = plain(await session.call(tool, {}));
  }
  return facts;
}

async function prompts(session) {
  return {
    list: await session.prompts(),
    review: plain(await session.prompt("review", { diff: "this" })),
    explain: plain(await session.prompt("explain", { topic: "Paris" })),
    lacking: await outcome(session.prompt("review", {})),
    unknown: await outcome(session.prompt("nothing", {})),
  };
}

async function resources(session) {
  return {
    list: await session.resources(),
    templates: await session.templates(),
    text: (await session.read("docs://runbook")).contents,
    blob: (await session.read("docs://pixel")).contents,
    card: (await session.read("user://7/card")).contents,
    note: (await session.read("notes://beta.md")).contents,
    unknown: await outcome(session.read("docs://nothing")),
    unfitting: await outcome(session.read("user://0/card")),
  };
}

async function suggestions(session) {
  const complete = async (ref, name, value) => (await session.complete(ref, { name, value })).completion;
  const prompt = (name) => ({ type: "ref/prompt", name });
  return {
    values: await complete(prompt("explain"), "topic", "par"),
    enum: await complete(prompt("review"), "style", ""),
    files: await complete({ type: "ref/resource", uri: "notes://{name}" }, "name", "be"),
  };
}

/** What the client was asked, without what is long; and what came of it. */
async function questions(session, asked, say) {
  const facts = {};
  for (const action of ["accept", "decline", "cancel"]) {
    say.action = action;
    const result = await session.call("deploy", { version: "1.2" });
    facts[action] = { isError: result.isError, text: textOf(result), asked: asked.splice(0) };
  }
  const booked = await session.call("book", {});
  facts.missing = { isError: booked.isError, text: textOf(booked), asked: asked.splice(0) };
  return facts;
}

/** A client that has not said that it can be asked. */
async function mute(session) {
  const result = await session.call("deploy", { version: "1.2" });
  const booked = await session.call("book", {});
  return { deploy: { isError: result.isError, text: textOf(result) }, book: { isError: booked.isError, text: textOf(booked) } };
}

async function jobs(session, folder, news) {
  const begun = await session.call("long", { gate: "first" });
  const job = (result) => result._meta["mcpfier/job"];
  const id = job(begun).id;
  const told = (result) => masked({ isError: result.isError, text: textOf(result), job: job(result) }, id);
  const facts = { begun: told(begun) };
  facts.list = masked((await session.call("job_list", {}))._meta["mcpfier/jobs"], id);
  facts.output = told(await session.call("job_output", { job_id: id }));
  facts.unknown = plain(await session.call("job_output", { job_id: "nothing" }));
  const uri = `run://${id}/output`;
  facts.read = masked((await session.read(uri)).contents, id);
  const noResult = await outcome(session.read(`run://${id}/result`));
  const leave = await session.follow(uri);
  const grown = news.next("notifications/resources/updated", uri);
  writeFileSync(join(folder, "first"), "");
  await grown;
  facts.over = told(await session.call("job_wait", { job_id: id }));
  facts.grown = masked((await session.read(uri)).contents, id);
  await leave();
  facts.result = { before: noResult, after: masked((await session.read(`run://${id}/result`)).contents, id) };
  facts.listed = (await session.resources()).filter((entry) => entry.uri.includes(id)).map((entry) => masked(entry.uri, id));

  const endless = await session.call("endless", {});
  const other = job(endless).id;
  const ended = await session.call("job_cancel", { job_id: other });
  facts.cancelled = masked({ text: textOf(ended), state: job(ended).state }, other);

  const cut = await session.call("cut", {});
  const link = cut.content.find((block) => block.type === "resource_link");
  facts.cut = { link: link && masked(link, link.uri.split("/")[2]) };
  if (link) {
    const whole = (await session.read(link.uri)).contents[0].text;
    facts.cut.whole = whole.split("\n").slice(-2);
    facts.cut.size = whole.length;
  }
  return facts;
}

async function subscriptions(session, folder, news) {
  const uri = "docs://live";
  const before = (await session.read(uri)).contents;
  const leave = await session.follow(uri);
  const updated = news.next("notifications/resources/updated", uri);
  writeFileSync(join(folder, "live.txt"), "second\n");
  const took = await updated;
  const after = (await session.read(uri)).contents;
  await leave();
  return { before, after, soon: took < 10_000 };
}

async function changes(session, folder, news) {
  const lists = ["tools", "prompts", "resources"];
  const leave = await session.followLists();
  const told = Promise.all(lists.map((list) => news.next(`notifications/${list}/list_changed`)));
  copyFileSync(join(folder, "later.yaml"), join(folder, "more.yaml"));
  const soon = (await told).every((took) => took < 10_000);
  const fresh = {};
  for (const list of lists) {
    fresh[list] = (await session[list]()).some((entry) => entry.name === "fresh");
  }
  await leave();
  return { soon, fresh };
}

/** Runs every part and ends the process. */
export async function play(connect) {
  const limit = setTimeout(() => {
    console.error(`not done within ${TIME_LIMIT / 1000} seconds`);
    process.exit(1);
  }, TIME_LIMIT);
  const [, , mode, folder, kind, ...rest] = process.argv;
  const [news, asked, logs, say] = [new News(), [], [], { action: "accept" }];
  const ask = ({ message, requestedSchema }) => {
    asked.push({ message: message.split("\n")[0], fields: Object.keys(requestedSchema.properties) });
    if (message.startsWith("Deploy")) return { action: say.action, ...(say.action === "accept" && { content: {} }) };
    if (message.startsWith("Who")) return { action: "accept", content: { name: "Ann" } };
    return { action: "accept", content: { room: "red", people: 2 } };
  };
  const on = { news: (method, params) => news.hear(method, params), ask, log: (params) => logs.push(params) };
  const session = await connect(mode, kind, rest, on);
  const facts = { revision: session.revision() };
  facts.rich = await richOutput(session);
  facts.prompts = await prompts(session);
  facts.resources = await resources(session);
  facts.suggestions = await suggestions(session);
  facts.questions = await questions(session, asked, say);
  facts.logs = { result: textOf(await session.callLogging("talks", "info")), said: logs };
  facts.subscriptions = await subscriptions(session, folder, news);
  facts.jobs = await jobs(session, folder, news);
  facts.tasks = await session.tasks(folder);
  facts.changes = await changes(session, folder, news);
  await session.close();
  const deaf = await connect(mode, kind, rest, { ...on, ask: undefined });
  facts.mute = await mute(deaf);
  await deaf.close();
  console.log(JSON.stringify(facts));
  clearTimeout(limit);
}
