// What both TypeScript clients do over HTTP. One JSON object goes out for the call that they cancel, and one for
// the rest; judging them is the caller's part.

import { cancel } from "./scenario.mjs";

export { requireTool } from "./scenario.mjs";

export async function play(connect) {
  const [, , mode, url, key] = process.argv;
  const options = { requestInit: { headers: { "X-API-Key": key } } };
  const session = await connect(mode, new URL(url), options);
  const notes = [];
  const textOf = (result) => result.content.map((block) => block.text ?? "").join("");
  const tools = (await session.tools()).map((tool) => tool.name);
  const said = await session.call("say", { text: "hello over HTTP" }, {});
  const failed = await session.call("fail", {}, {});
  await session.call("count", { to: 4 }, { onprogress: (note) => notes.push(note) });
  await cancel(session);
  const facts = { revision: session.revision(), tools, said: textOf(said), failed: failed.isError === true };
  console.log(JSON.stringify({ ...facts, notes: notes.length }));
  await session.close();
}
