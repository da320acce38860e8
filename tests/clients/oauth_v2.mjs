// The second official TypeScript SDK with an issuer of tokens: `node oauth_v2.mjs URL MODE`.

import { play, requireTool } from "./oauth.mjs";

const { Client, StreamableHTTPClientTransport } = requireTool("@modelcontextprotocol/client");
const mode = process.argv[3];

await play({
  transportOf: (url, authProvider) => new StreamableHTTPClientTransport(url, { authProvider }),
  connect: async (transport) => {
    const client = new Client({ name: "typescript-v2", version: "1" }, { versionNegotiation: { mode } });
    await client.connect(transport);
    return client;
  },
  finish: (transport, came) => transport.finishAuth(came),
  tools: async (client) => (await client.listTools()).tools,
  call: (client, name, args) => client.callTool({ name, arguments: args }),
});
