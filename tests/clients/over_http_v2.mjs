// The second official TypeScript SDK over HTTP: `node over_http_v2.mjs MODE URL KEY`.

import { play, requireTool } from "./over_http.mjs";

const { Client, StreamableHTTPClientTransport } = requireTool("@modelcontextprotocol/client");

await play(async (mode, url, options) => {
  const client = new Client({ name: "typescript-v2", version: "1" }, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(url, options));
  return {
    revision: () => client.getNegotiatedProtocolVersion(),
    tools: async () => (await client.listTools()).tools,
    call: (name, args, options) => client.callTool({ name, arguments: args }, options),
    close: () => client.close(),
  };
});
