"""The official Python SDK as a client: `python python_sdk.py MODE SERVER [ARGUMENT…]`.

MODE is `legacy` (an `initialize` handshake) or `auto` (probes for the newest revision). Prints one
JSON object a line for everything it saw; judging what it saw is the caller's part.
"""

import json
import os
import secrets
import sys
import time

import anyio
from mcp import Client, MCPError, StdioServerParameters
from mcp.types import ToolListChangedNotification


def saw(what, **facts):
    print(json.dumps({"saw": what, **facts}), flush=True)


def text_of(result):
    return "".join(block.text for block in result.content if block.type == "text")


def alive(marker):
    """How many processes carry the marker in their command line."""
    count = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as cmdline:
                count += marker.encode() in cmdline.read()
        except OSError:
            continue  # it ended while we were looking
    return count


async def call(client, label, tool, arguments):
    result = await client.call_tool(tool, arguments)
    saw("result", of=label, is_error=bool(result.is_error), text=text_of(result))


async def call_unknown(client):
    try:
        await client.call_tool("no-such-tool", {})
        saw("refusal", code=None)
    except MCPError as refusal:
        saw("refusal", code=refusal.code)


async def watch(client):
    notes, started = [], time.monotonic()

    async def on_progress(progress, total, message):
        notes.append({"progress": progress, "message": message})

    result = await client.call_tool("count", {"to": 5}, progress_callback=on_progress)
    saw("progress", notes=list(notes), seconds=time.monotonic() - started, text=text_of(result))


# The command and two children.
TREE = 3


async def cancel(client):
    marker = f"python-{secrets.token_hex(8)}"
    up = anyio.Event()

    async def on_progress(progress, total, message):
        if message and "up" in message:
            up.set()

    async with anyio.create_task_group() as group:
        async def stay():
            await client.call_tool("stay", {"marker": marker}, progress_callback=on_progress)

        group.start_soon(stay)
        await up.wait()
        # A process that is just being executed has no command line for a moment.
        while (before := alive(marker)) < TREE:
            await anyio.sleep(0.02)
        group.cancel_scope.cancel()
    cancelled = time.monotonic()
    while alive(marker) and time.monotonic() - cancelled < 5:
        await anyio.sleep(0.02)
    saw("cancel", alive_before=before, alive_after=alive(marker), seconds=time.monotonic() - cancelled)


async def change(client, mode, file, told):
    """Adds a command to the file that is served, and waits for the client to learn of it."""

    def add():
        with open(file, "a") as config:
            config.write("  - { name: fresh, description: It was not here before., script: echo }\n")

    started = time.monotonic()
    if mode == "legacy":
        add()
        await told.wait()
    else:
        async with client.listen(tools_list_changed=True) as subscription:
            add()
            await anext(subscription)
    names = [tool.name for tool in (await client.list_tools()).tools]
    saw("change", tools=names, seconds=time.monotonic() - started)


async def main():
    mode, command, *arguments = sys.argv[1:]
    server = StdioServerParameters(command=command, args=arguments)
    told = anyio.Event()

    async def on_message(message):
        if isinstance(message, ToolListChangedNotification):
            told.set()

    with anyio.fail_after(60):
        async with Client(server, mode=mode, message_handler=on_message) as client:
            info = client.server_info
            saw("server", revision=client.protocol_version, name=info.name if info else None)
            saw("tools", tools=[tool.model_dump(mode="json", by_alias=True, exclude_none=True)
                                for tool in (await client.list_tools()).tools])
            await call(client, "call", "say", {"text": "hello from Python"})
            await call(client, "bad arguments", "say", {"text": "", "volume": 11, "extra": 1})
            await call(client, "failure", "fail", {})
            await call_unknown(client)
            await watch(client)
            await cancel(client)
            await call(client, "call after cancel", "say", {"text": "still here"})
            await change(client, mode, arguments[arguments.index("--config") + 1], told)
            closing = time.monotonic()
        saw("closed", seconds=time.monotonic() - closing)


anyio.run(main)
