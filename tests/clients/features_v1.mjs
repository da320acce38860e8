// The first official TypeScript SDK, in the older era: `node features_v1.mjs legacy FOLDER …`, see
// `features.mjs`. It has the tasks of 2025-11-25 as an experiment, and does not know the newer era.

import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { play, requireTool } from "./features.mjs";

const { Client } = requireTool("@modelcontextprotocol/sdk/client/index.js");
const { StdioClientTransport } = requireTool("@modelcontextprotocol/sdk/client/stdio.js");
const { StreamableHTTPClientTransport } = requireTool("@modelcontextprotocol/sdk/client/streamableHttp.js");
const types = requireTool("@modelcontextprotocol/sdk/types.js");

function transport(kind, [first, ...rest]) {
  if (kind === "stdio") return new StdioClientTransport({ command: first, args: rest, stderr: "inherit" });
  return new StreamableHTTPClientTransport(new URL(first), { requestInit: { headers: { "X-API-Key": rest[0] } } });
}

/** The tasks of the revision 2025-11-25, by the SDK's own experiment. */
async function tasks(client, folder) {
  const own = client.experimental.tasks;
  const facts = { capability: client.getServerCapabilities().tasks };
  const listed = (await client.listTools()).tools.filter((tool) => tool.execution);
  facts.support = Object.fromEntries(listed.map((tool) => [tool.name, tool.execution.taskSupport]));
  const play = async (name, args = {}, options = {}) => {
    const seen = [];
    let id = "nothing";
    for await (const { type, task, result, error } of own.callToolStream({ name, arguments: args }, undefined, options)) {
      if (type === "taskCreated") {
        id = task.taskId;
        if (args.gate) writeFileSync(join(folder, args.gate), "");
      }
      const status = task?.status;
      // How often it is asked is a matter of time.
      if (type === "taskStatus" && status === "working") continue;
      const related = result?._meta?.["io.modelcontextprotocol/related-task"]?.taskId;
      seen.push({
        type,
        ...(status && { status }),
        ...(result && { text: result.content[0].text, isError: result.isError, isRelated: related === id }),
        ...(error && { code: error.code }),
      });
    }
    return seen;
  };
  facts.long = await play("long", { gate: "second" });
  facts.fails = await play("fails");
  facts.asks = await play("asks");
  facts.refused = await play("long", { gate: "NOT FITTING" }, { task: {} });
  facts.noTask = await play("facts", {}, { task: {} });
  const params = { name: "endless", arguments: {} };
  const { task } = await client.request({ method: "tools/call", params }, types.CreateTaskResultSchema, { task: { ttl: 60_000 } });
  facts.created = { ...task, taskId: typeof task.taskId, createdAt: typeof task.createdAt, lastUpdatedAt: typeof task.lastUpdatedAt };
  facts.listed = (await own.listTasks()).tasks.some((entry) => entry.taskId === task.taskId);
  facts.cancelled = (await own.cancelTask(task.taskId)).status;
  const code = (promise) => promise.then(() => "answered", (error) => error.code);
  facts.again = await code(own.cancelTask(task.taskId));
  facts.unknown = [
    await code(own.getTask("nothing")),
    await code(own.getTaskResult("nothing", types.CallToolResultSchema)),
    await code(own.cancelTask("nothing")),
  ];
  return facts;
}

await play(async (mode, kind, rest, on) => {
  const capabilities = on.ask ? { elicitation: {} } : {};
  const client = new Client({ name: "typescript-v1", version: "1" }, { capabilities });
  if (on.ask) client.setRequestHandler(types.ElicitRequestSchema, async ({ params }) => on.ask(params));
  for (const schema of [
    types.ToolListChangedNotificationSchema,
    types.PromptListChangedNotificationSchema,
    types.ResourceListChangedNotificationSchema,
    types.ResourceUpdatedNotificationSchema,
  ]) {
    client.setNotificationHandler(schema, async ({ method, params }) => on.news(method, params));
  }
  client.setNotificationHandler(types.LoggingMessageNotificationSchema, async ({ params }) => on.log(params));
  const wire = transport(kind, rest);
  let revision;
  if (kind === "stdio") wire.setProtocolVersion = (version) => (revision = version);
  await client.connect(wire);
  return {
    revision: () => revision ?? wire.protocolVersion,
    call: (name, args) => client.callTool({ name, arguments: args }),
    callLogging: async (name, level) => {
      await client.setLoggingLevel(level);
      return client.callTool({ name, arguments: {} });
    },
    tools: async () => (await client.listTools()).tools,
    prompts: async () => (await client.listPrompts()).prompts,
    prompt: (name, args) => client.getPrompt({ name, arguments: args }),
    resources: async () => (await client.listResources()).resources,
    templates: async () => (await client.listResourceTemplates()).resourceTemplates,
    read: (uri) => client.readResource({ uri }),
    complete: (ref, argument) => client.complete({ ref, argument }),
    follow: async (uri) => {
      await client.subscribeResource({ uri });
      return () => client.unsubscribeResource({ uri });
    },
    // A session is told of these without asking.
    followLists: async () => async () => {},
    tasks: (folder) => tasks(client, folder),
    close: () => client.close(),
  };
});
