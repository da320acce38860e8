"""What the official Python SDK tries besides plain calls, as features.mjs does for those of TypeScript:
`python features.py MODE FOLDER stdio SERVER [ARGUMENT…]`, or `… MODE FOLDER http URL KEY`. MODE is
`legacy` or `auto`. Prints what it saw as one JSON object; what that has to be is the caller's part.

The SDK has no tasks of its own. For the extension of the newer era it has a place where one puts them, which is
used here; those of 2025-11-25 cannot be got through it.
"""

import json
import shutil
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import anyio
import httpx2
from mcp import Client, MCPError, StdioServerParameters, types
from mcp.client import ClientExtension, ResultClaim
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.subscriptions import event_to_notification
from pydantic import ConfigDict, ValidationError

EXTENSION = "io.modelcontextprotocol/tasks"


def wire(model):
    """As it came, without what every result of the newer era says of itself and of caches."""
    value = model.model_dump(mode="json", by_alias=True, exclude_none=True)
    for key in ["_meta", "resultType", "ttlMs", "cacheScope"]:
        value.pop(key, None)
    return value


def wires(models):
    return [wire(model) for model in models]


def masked(value, name):
    return json.loads(json.dumps(value).replace(name, "ID"))


def text_of(result):
    return "".join(getattr(block, "text", "") for block in result.content)


def job_of(result):
    return result.meta["mcpfier/job"]


async def outcome(promise):
    """The outcome of something that may be refused."""
    try:
        return wire(await promise)
    except MCPError as error:
        return {"code": error.code}


class News:
    """What the server has said by itself."""

    def __init__(self):
        self.heard, self.waiting = [], []

    def hear(self, message):
        uri = getattr(message.params, "uri", None)
        self.heard.append((message.method, str(uri) if uri else None))
        for event in self.waiting:
            event.set()

    @asynccontextmanager
    async def next(self, *wanted):
        """What is done within is followed by all of these."""
        begin, began, event = len(self.heard), time.monotonic(), anyio.Event()
        self.waiting.append(event)
        took = []
        yield took
        while not set(wanted) <= set(self.heard[begin:]):
            await event.wait()
            self.waiting.remove(event)
            event = anyio.Event()
            self.waiting.append(event)
        self.waiting.remove(event)
        took.append(time.monotonic() - began)


class Task(types.Result):
    """The answer to a call that goes on, and to `tasks/get`."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)
    result_type: Literal["task"] = "task"


class Standing(types.Result):
    model_config = ConfigDict(extra="allow", populate_by_name=True)


class AboutTask(types.Request[dict[str, Any], str]):
    name_param = "taskId"


class Tasks(ClientExtension):
    """The extension of the newer era."""

    identifier = EXTENSION

    def __init__(self, folder):
        self.folder, self.seen = folder, []

    def claims(self):
        return [ResultClaim(result_type="task", model=Task, resolve=self.resolve)]

    async def about(self, session, method, name, **params):
        request = AboutTask(method=method, params={"taskId": name, **params})
        return (await session.send_request(request, Standing)).model_dump(mode="json", by_alias=True)

    async def resolve(self, task, context):
        name = task.taskId
        self.seen.append(task.status)
        if context.tool_name == "long":
            (self.folder / "third").write_text("")
        if context.tool_name == "endless":
            await self.about(context.session, "tasks/cancel", name)
        while True:
            standing = await self.about(context.session, "tasks/get", name)
            if standing["status"] == "input_required":
                asked = standing["inputRequests"]["who"]["params"]["message"]
                answers = {"who": {"action": "accept", "content": {"name": "Ann"}}}
                await self.about(context.session, "tasks/update", name, inputResponses=answers)
                if asked not in self.seen:
                    self.seen.append(asked)
            elif standing["status"] != "working":
                break
            await anyio.sleep(0.05)
        self.seen.append(standing["status"])
        empty = {"content": []}
        return types.CallToolResult.model_validate(standing.get("result", empty))


class Session:
    def __init__(self, mode, folder, kind, rest):
        self.mode, self.folder, self.kind, self.rest = mode, Path(folder), kind, rest
        self.news, self.asked, self.logs, self.action = News(), [], [], "accept"

    @asynccontextmanager
    async def opened(self, can_ask=True, extensions=None):
        async def on_message(message):
            if hasattr(message, "method"):
                self.news.hear(message)

        async def on_log(params):
            self.logs.append(wire(params))

        async def on_ask(context, params):
            said = params.message.split("\n")[0]
            self.asked.append({"message": said, "fields": list(params.requested_schema["properties"])})
            if said.startswith("Deploy"):
                return types.ElicitResult(action=self.action, content={} if self.action == "accept" else None)
            if said.startswith("Who"):
                return types.ElicitResult(action="accept", content={"name": "Ann"})
            return types.ElicitResult(action="accept", content={"room": "red", "people": 2})

        options = {"mode": self.mode, "message_handler": on_message, "logging_callback": on_log}
        if can_ask:
            options["elicitation_callback"] = on_ask
        if extensions:
            options["extensions"] = extensions
        if self.kind == "stdio":
            command, *arguments = self.rest
            async with Client(StdioServerParameters(command=command, args=arguments), **options) as client:
                yield client
        else:
            url, key = self.rest
            async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=60) as http:
                async with Client(streamable_http_client(url, http_client=http), **options) as client:
                    yield client

    @asynccontextmanager
    async def follow(self, client, uri=None):
        """Changes of a resource, or of all lists, are heard within this."""
        if self.mode == "legacy":
            if uri:
                await client.subscribe_resource(uri)
            yield
            if uri:
                await client.unsubscribe_resource(uri)
            return
        lists = {"tools_list_changed": True, "prompts_list_changed": True, "resources_list_changed": True}
        wanted = {"resource_subscriptions": [uri]} if uri else lists
        async with client.listen(**wanted) as subscription, anyio.create_task_group() as group:

            async def hear():
                async for event in subscription:
                    self.news.hear(event_to_notification(event, {}))

            group.start_soon(hear)
            yield
            group.cancel_scope.cancel()

    async def rich(self, client):
        names = ["picture", "sound", "document", "facts", "mixed"]
        return {name: wire(await client.call_tool(name, {})) for name in names}

    async def prompts(self, client):
        return {
            "list": wires((await client.list_prompts()).prompts),
            "review": wire(await client.get_prompt("review", {"diff": "this"})),
            "explain": wire(await client.get_prompt("explain", {"topic": "Paris"})),
            "lacking": await outcome(client.get_prompt("review", {})),
            "unknown": await outcome(client.get_prompt("nothing", {})),
        }

    async def contents(self, client, uri):
        return wires((await client.read_resource(uri)).contents)

    async def resources(self, client):
        return {
            "list": wires((await client.list_resources()).resources),
            "templates": wires((await client.list_resource_templates()).resource_templates),
            "text": await self.contents(client, "docs://runbook"),
            "blob": await self.contents(client, "docs://pixel"),
            "card": await self.contents(client, "user://7/card"),
            "note": await self.contents(client, "notes://beta.md"),
            "unknown": await outcome(client.read_resource("docs://nothing")),
            "unfitting": await outcome(client.read_resource("user://0/card")),
        }

    async def suggestions(self, client):
        async def complete(ref, name, value):
            return wire((await client.complete(ref, {"name": name, "value": value})).completion)

        return {
            "values": await complete(types.PromptReference(name="explain"), "topic", "par"),
            "enum": await complete(types.PromptReference(name="review"), "style", ""),
            "files": await complete(types.ResourceTemplateReference(uri="notes://{name}"), "name", "be"),
        }

    async def questions(self, client):
        facts = {}
        for self.action in ["accept", "decline", "cancel"]:
            result = await client.call_tool("deploy", {"version": "1.2"})
            facts[self.action] = self.told(result)
        facts["missing"] = self.told(await client.call_tool("book", {}))
        return facts

    def told(self, result):
        asked, self.asked = self.asked, []
        return {"isError": result.is_error, "text": text_of(result), "asked": asked}

    async def mute(self, client):
        facts = {}
        for name, arguments in [("deploy", {"version": "1.2"}), ("book", {})]:
            result = await client.call_tool(name, arguments)
            facts[name] = {"isError": result.is_error, "text": text_of(result)}
        return facts

    async def talk(self, client):
        level = {"io.modelcontextprotocol/logLevel": "info"}
        if self.mode == "legacy":
            await client.set_logging_level("info")
        result = await client.call_tool("talks", {}, meta=None if self.mode == "legacy" else level)
        return {"result": text_of(result), "said": self.logs}

    async def subscriptions(self, client):
        uri = "docs://live"
        before = await self.contents(client, uri)
        async with self.follow(client, uri):
            async with self.news.next(("notifications/resources/updated", uri)) as took:
                (self.folder / "live.txt").write_text("second\n")
            after = await self.contents(client, uri)
        return {"before": before, "after": after, "soon": took[0] < 10}

    async def jobs(self, client):
        begun = await client.call_tool("long", {"gate": "first"})
        name = job_of(begun)["id"]

        def told(result):
            return masked({"isError": result.is_error, "text": text_of(result), "job": job_of(result)}, name)

        facts = {"begun": told(begun)}
        facts["list"] = masked((await client.call_tool("job_list", {})).meta["mcpfier/jobs"], name)
        facts["output"] = told(await client.call_tool("job_output", {"job_id": name}))
        facts["unknown"] = wire(await client.call_tool("job_output", {"job_id": "nothing"}))
        uri = f"run://{name}/output"
        facts["read"] = masked(await self.contents(client, uri), name)
        before = await outcome(client.read_resource(f"run://{name}/result"))
        async with self.follow(client, uri):
            async with self.news.next(("notifications/resources/updated", uri)):
                (self.folder / "first").write_text("")
            facts["over"] = told(await client.call_tool("job_wait", {"job_id": name}))
            facts["grown"] = masked(await self.contents(client, uri), name)
        after = masked(await self.contents(client, f"run://{name}/result"), name)
        facts["result"] = {"before": before, "after": after}
        listed = [str(entry.uri) for entry in (await client.list_resources()).resources]
        facts["listed"] = masked([uri for uri in listed if name in uri], name)

        other = job_of(await client.call_tool("endless", {}))["id"]
        ended = await client.call_tool("job_cancel", {"job_id": other})
        facts["cancelled"] = masked({"text": text_of(ended), "state": job_of(ended)["state"]}, other)

        cut = await client.call_tool("cut", {})
        facts["cut"] = {}
        for link in [block for block in cut.content if block.type == "resource_link"]:
            whole = (await client.read_resource(link.uri)).contents[0].text
            facts["cut"] = {"link": masked(wire(link), str(link.uri).split("/")[2]),
                            "whole": whole.split("\n")[-2:], "size": len(whole)}
        return facts

    async def extension(self):
        """Calls whose answers are tasks, by a client of its own that says that it takes them."""
        tasks = Tasks(self.folder)
        async with self.opened(extensions=[tasks]) as client:
            facts = {"declared": client.server_capabilities.extensions.get(EXTENSION)}
            for name, arguments in [("long", {"gate": "third"}), ("fails", {}), ("asks", {}), ("endless", {})]:
                result = await client.call_tool(name, arguments)
                # How long it took is never the same.
                text = text_of(result).split(" · ")[0]
                facts[name] = {"seen": tasks.seen, "isError": result.is_error, "text": text}
                tasks.seen = []
            unknown = AboutTask(method="tasks/get", params={"taskId": "nothing"})
            facts["unknown"] = await outcome(client.session.send_request(unknown, Standing))
        return facts

    async def older_tasks(self, client):
        """Those of 2025-11-25 are said of the server and its tools. The SDK knows their messages, and yet takes
        no answer to `tools/call` but the result of one, so there is none to ask for. That is looked at, so that it is
        noticed when a later one takes them."""
        facts = {"capability": wire(client.server_capabilities.tasks)}
        tools = (await client.list_tools()).tools
        facts["support"] = {tool.name: tool.execution.task_support for tool in tools if tool.execution}
        params = types.CallToolRequestParams(name="fails", arguments={}, task=types.TaskMetadata(ttl=60_000))
        try:
            await client.session.send_request(types.CallToolRequest(params=params), types.CreateTaskResult)
        except ValidationError:
            facts["lacking"] = "ValidationError"
        return facts

    async def changes(self, client):
        lists = ["tools", "prompts", "resources"]
        async with self.follow(client):
            async with self.news.next(*[(f"notifications/{each}/list_changed", None) for each in lists]) as took:
                shutil.copy(self.folder / "later.yaml", self.folder / "more.yaml")
            fresh = {}
            for each in lists:
                listed = getattr(await getattr(client, f"list_{each}")(), each)
                fresh[each] = "fresh" in [entry.name for entry in listed]
        return {"soon": took[0] < 10, "fresh": fresh}


async def main():
    session = Session(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
    facts = {}
    with anyio.fail_after(60):
        async with session.opened() as client:
            facts["revision"] = client.protocol_version
            facts["rich"] = await session.rich(client)
            facts["prompts"] = await session.prompts(client)
            facts["resources"] = await session.resources(client)
            facts["suggestions"] = await session.suggestions(client)
            facts["questions"] = await session.questions(client)
            facts["logs"] = await session.talk(client)
            facts["subscriptions"] = await session.subscriptions(client)
            facts["jobs"] = await session.jobs(client)
            is_older = session.mode == "legacy"
            facts["tasks"] = await (session.older_tasks(client) if is_older else session.extension())
            facts["changes"] = await session.changes(client)
        async with session.opened(can_ask=False) as client:
            facts["mute"] = await session.mute(client)
    print(json.dumps(facts))


anyio.run(main)
