// The first official TypeScript SDK with an issuer of tokens: `node oauth_v1.mjs URL`.

import { play, requireTool } from "./oauth.mjs";

const { Client } = requireTool("@modelcontextprotocol/sdk/client/index.js");
const { StreamableHTTPClientTransport } = requireTool("@modelcontextprotocol/sdk/client/streamableHttp.js");

await play({
  transportOf: (url, authProvider) => new StreamableHTTPClientTransport(url, { authProvider }),
  connect: async (transport) => {
    const client = new Client({ name: "typescript-v1", version: "1" });
    await client.connect(transport);
    return client;
  },
  finish: (transport, came) => transport.finishAuth(came.get("code")),
  tools: async (client) => (await client.listTools()).tools,
  call: (client, name, args) => client.callTool({ name, arguments: args }),
});
