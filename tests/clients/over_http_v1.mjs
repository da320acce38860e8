// The first official TypeScript SDK over HTTP: `node over_http_v1.mjs legacy URL KEY`.

import { play, requireTool } from "./over_http.mjs";

const { Client } = requireTool("@modelcontextprotocol/sdk/client/index.js");
const { StreamableHTTPClientTransport } = requireTool("@modelcontextprotocol/sdk/client/streamableHttp.js");

await play(async (mode, url, options) => {
  const client = new Client({ name: "typescript-v1", version: "1" });
  const transport = new StreamableHTTPClientTransport(url, options);
  await client.connect(transport);
  return {
    revision: () => transport.protocolVersion,
    tools: async () => (await client.listTools()).tools,
    call: (name, args, options) => client.callTool({ name, arguments: args }, undefined, options),
    close: () => client.close(),
  };
});
