// The second official TypeScript SDK over HTTP: `node over_http_v2.mjs MODE URL KEY`.

import { play, requireTool } from "./over_http.mjs";

const { Client, SSEClientTransport, StreamableHTTPClientTransport } = requireTool("@modelcontextprotocol/client");

await play(async (mode, url, options) => {
  const era = mode === "sse" ? "legacy" : mode;
  const client = new Client({ name: "typescript-v2", version: "1" }, { versionNegotiation: { mode: era } });
  const Transport = mode === "sse" ? SSEClientTransport : StreamableHTTPClientTransport;
  await client.connect(new Transport(url, options));
  return {
    revision: () => client.getNegotiatedProtocolVersion(),
    tools: async () => (await client.listTools()).tools,
    call: (name, args, options) => client.callTool({ name, arguments: args }, options),
    close: () => client.close(),
  };
});
