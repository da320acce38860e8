// A real issuer of tokens, oidc-provider: `OPAQUE=1 node issuer.mjs`. Says where it is, and ends with its input.

import { createServer } from "node:http";
import { createRequire } from "node:module";

const require = createRequire(`${process.env.MCPFIER_TEST_TOOLS}/package.json`);
const { default: Provider } = await import(require.resolve("oidc-provider"));

const server = createServer();
// On a busy machine a client may come back on a connection later than after five seconds, as it goes away.
server.keepAliveTimeout = 0;
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const issuer = `http://127.0.0.1:${server.address().port}`;
const scopes = "mcp:read mcp:write";
const secrets = { robot: "the-secret-of-a-robot-in-a-test", asker: "the-secret-of-who-asks-in-a-test" };
const client = (id, scope) => ({
  client_id: id,
  client_secret: secrets[id],
  grant_types: ["client_credentials"],
  redirect_uris: [],
  response_types: [],
  ...(scope ? { scope } : {}),
});

const provider = new Provider(issuer, {
  clients: [client("robot", scopes), client("asker")],
  scopes: ["openid", "offline_access", ...scopes.split(" ")],
  claims: { openid: ["sub", "groups"] },
  pkce: { required: () => true },
  cookies: { keys: ["a-key-for-cookies"] },
  extraTokenClaims: () => ({ groups: ["dev", "ops"] }),
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, groups: ["dev", "ops"] }) }),
  features: {
    devInteractions: { enabled: true },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    registration: { enabled: true, initialAccessToken: false },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      useGrantedResource: () => true,
      getResourceServerInfo: (_, resource) => ({
        scope: scopes,
        audience: resource,
        accessTokenFormat: process.env.OPAQUE ? "opaque" : "jwt",
        accessTokenTTL: 300,
        jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
});
// Clients register with the scopes that they need first; as with most issuers they may ask for more later.
provider.on("registration_create.success", (_, client) => {
  provider.Client.adapter.upsert(client.clientId, { ...client.metadata(), scope: `openid ${scopes}` });
});
server.on("request", provider.callback());
console.log(issuer);
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
