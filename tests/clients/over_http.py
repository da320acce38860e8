"""The official Python SDK over HTTP: `python over_http.py MODE URL KEY`. Prints what it saw as one JSON object."""

import json
import sys

import anyio
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client


def text_of(result):
    return "".join(block.text for block in result.content if block.type == "text")


async def main():
    mode, url, key = sys.argv[1:]
    notes = []

    async def on_progress(progress, total, message):
        notes.append(message)

    with anyio.fail_after(60):
        async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=60) as http:
            async with Client(streamable_http_client(url, http_client=http), mode=mode) as client:
                tools = [tool.name for tool in (await client.list_tools()).tools]
                said = await client.call_tool("say", {"text": "hello over HTTP"})
                failed = await client.call_tool("fail", {})
                await client.call_tool("count", {"to": 4}, progress_callback=on_progress)
                revision = client.protocol_version
    print(json.dumps({"revision": revision, "tools": tools, "said": text_of(said),
                      "failed": bool(failed.is_error), "notes": len(notes)}))


anyio.run(main)
