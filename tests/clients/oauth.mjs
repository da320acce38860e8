// What both TypeScript clients do with an issuer of tokens, as a person would with a browser: 401, log in, call, and log
// in once more for a call that takes more. One JSON object goes out; judging it is the caller's part.

import { createRequire } from "node:module";

/** Loads a package of the test tools, wherever those are installed. */
export const requireTool = createRequire(`${process.env.MCPFIER_TEST_TOOLS}/package.json`);

const redirect = "http://127.0.0.1:9/callback";

/** Logs in as `alice` where a browser would, and gives the parameters of the last redirect. */
async function logIn(address) {
  const cookies = new Map();
  const visit = async (url, init = {}) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, { ...init, redirect: "manual", headers: { cookie, ...init.headers } });
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = line.split(";")[0].split("=");
      cookies.set(name, value);
    }
    const next = response.headers.get("location");
    if (!next) throw new Error(`${url}: ${response.status} ${await response.text()}`);
    return new URL(next, url);
  };
  let asked = 0;
  let url = new URL(address);
  while (!url.href.startsWith(redirect)) {
    if (!url.pathname.startsWith("/interaction/")) url = await visit(url);
    else {
      const body = asked++ === 0 ? "prompt=login&login=alice&password=x" : "prompt=consent";
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      url = await visit(url, { method: "POST", body, headers });
    }
  }
  return url.searchParams;
}

/** What a client keeps, in memory. */
class Keeper {
  redirectUrl = redirect;
  clientMetadata = {
    client_name: "test",
    redirect_uris: [redirect],
    grant_types: ["authorization_code"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
    application_type: "native",
  };
  asked = [];
  clientInformation() { return this.information; }
  saveClientInformation(information) { this.information = information; }
  tokens() { return this.kept; }
  saveTokens(tokens) { this.kept = tokens; }
  saveCodeVerifier(verifier) { this.verifier = verifier; }
  codeVerifier() { return this.verifier; }
  saveDiscoveryState(state) { this.discovery = state; }
  discoveryState() { return this.discovery; }
  async redirectToAuthorization(url) {
    this.asked.push({ scope: url.searchParams.get("scope"), resource: url.searchParams.get("resource") });
    this.came = await logIn(url);
  }
}

export async function play({ connect, transportOf, finish, call, tools }) {
  const url = new URL(process.argv[2]);
  const keeper = new Keeper();
  const logged = async (transport) => {
    const came = keeper.came;
    if (!came) throw new Error("nobody was asked to log in");
    keeper.came = undefined;
    await finish(transport, came);
  };
  let transport = transportOf(url, keeper);
  try {
    await connect(transport);
    throw new Error("it connected without a token");
  } catch (error) {
    if (!keeper.came) throw error;
  }
  await logged(transport);
  transport = transportOf(url, keeper);
  const client = await connect(transport);
  const names = (await tools(client)).map((tool) => tool.name);
  const textOf = (result) => result.content.map((block) => block.text ?? "").join("");
  const said = textOf(await call(client, "read", {}));
  let again;
  try {
    again = await call(client, "write", {});
  } catch (error) {
    if (!keeper.came) throw error;
    await logged(transport);
    again = await call(client, "write", {});
  }
  console.log(JSON.stringify({ tools: names, said, written: textOf(again), asked: keeper.asked }));
  await client.close();
}
