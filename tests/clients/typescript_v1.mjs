// The first official TypeScript SDK, which opens with `initialize`:
// `node typescript_v1.mjs legacy SERVER [ARGUMENT…]`.

import { play, requireTool } from "./scenario.mjs";

const { Client } = requireTool("@modelcontextprotocol/sdk/client/index.js");
const { StdioClientTransport } = requireTool("@modelcontextprotocol/sdk/client/stdio.js");

await play(async (server, listChanged) => {
  const client = new Client({ name: "typescript-v1", version: "1" }, { listChanged });
  const transport = new StdioClientTransport(server);
  let revision;
  transport.setProtocolVersion = (version) => (revision = version);
  await client.connect(transport);
  return {
    revision,
    name: client.getServerVersion()?.name,
    tools: async () => (await client.listTools()).tools,
    call: (name, args, options) => client.callTool({ name, arguments: args }, undefined, options),
    close: () => client.close(),
  };
});
