// The second official TypeScript SDK: `node features_v2.mjs MODE FOLDER …`, see `features.mjs`. MODE is
// `legacy` (an `initialize` handshake) or `auto` (probes for the newest revision). It has no tasks of
// either era: it takes them for answers of a type that it does not support.

import { play, requireTool } from "./features.mjs";

const { Client, StreamableHTTPClientTransport } = requireTool("@modelcontextprotocol/client");
const { StdioClientTransport } = requireTool("@modelcontextprotocol/client/stdio");

function transport(kind, [first, ...rest]) {
  if (kind === "stdio") return new StdioClientTransport({ command: first, args: rest, stderr: "inherit" });
  return new StreamableHTTPClientTransport(new URL(first), { requestInit: { headers: { "X-API-Key": rest[0] } } });
}

/** That it has none is looked at, so that this is noticed when a later one has. */
async function tasks(connect, mode, kind, rest) {
  if (mode === "legacy") return { lacking: "the SDK sends no `task` with a call of the older era" };
  const extensions = { "io.modelcontextprotocol/tasks": {} };
  const client = await connect(mode, kind, rest, { extensions });
  const code = await client.callTool({ name: "endless", arguments: {} }).then(() => "answered", (error) => error.code);
  await client.close();
  return { lacking: code };
}

async function connect(mode, kind, rest, capabilities, prepare = () => {}) {
  const options = { capabilities, versionNegotiation: { mode } };
  const client = new Client({ name: "typescript-v2", version: "1" }, options);
  prepare(client);
  await client.connect(transport(kind, rest));
  return client;
}

await play(async (mode, kind, rest, on) => {
  const client = await connect(mode, kind, rest, on.ask ? { elicitation: { form: {} } } : {}, (client) => {
    if (on.ask) client.setRequestHandler("elicitation/create", async ({ params }) => on.ask(params));
    for (const what of ["tools/list_changed", "prompts/list_changed", "resources/list_changed", "resources/updated"]) {
      client.setNotificationHandler(`notifications/${what}`, async ({ method, params }) => on.news(method, params));
    }
    client.setNotificationHandler("notifications/message", async ({ params }) => on.log(params));
  });
  const isOlder = mode === "legacy";
  const listen = async (filter) => {
    const subscription = await client.listen(filter);
    return () => subscription.close();
  };
  return {
    revision: () => client.getNegotiatedProtocolVersion(),
    call: (name, args) => client.callTool({ name, arguments: args }),
    callLogging: async (name, level) => {
      if (isOlder) await client.setLoggingLevel(level);
      const _meta = isOlder ? {} : { "io.modelcontextprotocol/logLevel": level };
      return client.callTool({ name, arguments: {}, _meta });
    },
    tools: async () => (await client.listTools()).tools,
    prompts: async () => (await client.listPrompts()).prompts,
    prompt: (name, args) => client.getPrompt({ name, arguments: args }),
    resources: async () => (await client.listResources()).resources,
    templates: async () => (await client.listResourceTemplates()).resourceTemplates,
    read: (uri) => client.readResource({ uri }),
    complete: (ref, argument) => client.complete({ ref, argument }),
    follow: async (uri) => {
      if (!isOlder) return listen({ resourceSubscriptions: [uri] });
      await client.subscribeResource({ uri });
      return () => client.unsubscribeResource({ uri });
    },
    followLists: async () => {
      if (isOlder) return async () => {};
      return listen({ toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true });
    },
    tasks: () => tasks(connect, mode, kind, rest),
    close: () => client.close(),
  };
});
