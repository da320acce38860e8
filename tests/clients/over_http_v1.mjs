// The first official TypeScript SDK over HTTP: `node over_http_v1.mjs legacy|sse URL KEY`.

import { play, requireTool } from "./over_http.mjs";

const { Client } = requireTool("@modelcontextprotocol/sdk/client/index.js");
const { SSEClientTransport } = requireTool("@modelcontextprotocol/sdk/client/sse.js");
const { StreamableHTTPClientTransport } = requireTool("@modelcontextprotocol/sdk/client/streamableHttp.js");

await play(async (mode, url, options) => {
  const client = new Client({ name: "typescript-v1", version: "1" });
  const Transport = mode === "sse" ? SSEClientTransport : StreamableHTTPClientTransport;
  const transport = new Transport(url, options);
  await client.connect(transport);
  return {
    revision: () => transport.protocolVersion ?? transport._protocolVersion,
    tools: async () => (await client.listTools()).tools,
    call: (name, args, options) => client.callTool({ name, arguments: args }, undefined, options),
    close: () => client.close(),
  };
});
