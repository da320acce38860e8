// The second official TypeScript SDK: `node typescript_v2.mjs MODE SERVER [ARGUMENT…]`.
// MODE is `legacy` (an `initialize` handshake) or `auto` (probes for the newest revision).

import { play, requireTool } from "./scenario.mjs";

const { Client } = requireTool("@modelcontextprotocol/client");
const { StdioClientTransport } = requireTool("@modelcontextprotocol/client/stdio");

await play(async (server, listChanged) => {
  const versionNegotiation = { mode: process.argv[2] };
  const client = new Client({ name: "typescript-v2", version: "1" }, { versionNegotiation, listChanged });
  await client.connect(new StdioClientTransport(server));
  return {
    revision: client.getNegotiatedProtocolVersion(),
    name: client.getServerVersion()?.name,
    tools: async () => (await client.listTools()).tools,
    call: (name, args, options) => client.callTool({ name, arguments: args }, options),
    close: () => client.close(),
  };
});
