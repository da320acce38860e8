"""The official Python SDK with an issuer of tokens: `python oauth.py URL MODE`. Logs in as a person would with a browser."""

import json
import sys
from urllib.parse import parse_qs, urljoin, urlsplit

import anyio
import httpx2
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata

REDIRECT = "http://127.0.0.1:9/callback"


class Keeper:
    def __init__(self):
        self.tokens = self.information = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.information

    async def set_client_info(self, information):
        self.information = information


class Person:
    """Logs in as `alice`, and remembers what was asked for."""

    def __init__(self):
        self.asked = []

    async def go(self, address):
        query = parse_qs(urlsplit(address).query)
        self.asked.append({"scope": query.get("scope", [None])[0], "resource": query["resource"][0]})
        interactions = 0
        async with httpx2.AsyncClient() as browser:
            while not address.startswith(REDIRECT):
                if urlsplit(address).path.startswith("/interaction/"):
                    form = {"prompt": "login", "login": "alice", "password": "x"} if interactions == 0 else {"prompt": "consent"}
                    interactions += 1
                    response = await browser.post(address, data=form)
                else:
                    response = await browser.get(address)
                address = urljoin(address, response.headers["location"])
        self.came = parse_qs(urlsplit(address).query)

    async def come_back(self):
        came = {name: values[0] for name, values in self.came.items()}
        return AuthorizationCodeResult(code=came["code"], state=came.get("state"), iss=came.get("iss"))


def text_of(result):
    return "".join(block.text for block in result.content if block.type == "text")


async def main():
    url, mode = sys.argv[1:]
    person = Person()
    about = OAuthClientMetadata(
        client_name="test", redirect_uris=[REDIRECT], token_endpoint_auth_method="none", grant_types=["authorization_code"])
    auth = OAuthClientProvider(url, about, Keeper(), person.go, person.come_back)
    with anyio.fail_after(60):
        async with httpx2.AsyncClient(auth=auth, timeout=60) as http:
            async with Client(streamable_http_client(url, http_client=http), mode=mode) as client:
                tools = [tool.name for tool in (await client.list_tools()).tools]
                said = await client.call_tool("read", {})
                written = await client.call_tool("write", {})
    print(json.dumps({"tools": tools, "said": text_of(said), "written": text_of(written), "asked": person.asked}))


anyio.run(main)
