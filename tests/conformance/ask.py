"""Prints what a tool of the suite answers, as `output.format: mcp` has it: blocks, or what it asks first."""

import json
import os
import sys

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
INPUT = json.loads(os.environ.get("MCPFIER_INPUT", '{"responses": {}, "unasked": [], "state": null}'))
PARAMS = json.loads(sys.argv[2])


def text(words):
    return {"type": "text", "text": words}


def embedded(uri, mime, words):
    return {"type": "resource", "resource": {"uri": uri, "mimeType": mime, "text": words}}


def form(message, properties, required=()):
    schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = list(required)
    return {"method": "elicitation/create", "params": {"message": message, "requestedSchema": schema}}


def ask_text(message, name):
    return form(message, {name: {"type": "string"}}, [name])


def sample(words, most=100):
    messages = [{"role": "user", "content": text(words)}]
    return {"method": "sampling/createMessage", "params": {"messages": messages, "maxTokens": most}}


ROOTS = {"method": "roots/list", "params": {}}
NAME = ask_text("What is your name?", "name")


def titled(names):
    return [{"const": value, "title": title} for value, title in names]


ENUMS = {
    "untitledSingle": {"type": "string", "enum": ["option1", "option2", "option3"]},
    "titledSingle": {
        "type": "string",
        "oneOf": titled([("value1", "First Option"), ("value2", "Second Option"), ("value3", "Third Option")]),
    },
    "legacyEnum": {
        "type": "string",
        "enum": ["opt1", "opt2", "opt3"],
        "enumNames": ["Option One", "Option Two", "Option Three"],
    },
    "untitledMulti": {"type": "array", "items": {"type": "string", "enum": ["option1", "option2", "option3"]}},
    "titledMulti": {
        "type": "array",
        "items": {
            "anyOf": titled([("value1", "First Choice"), ("value2", "Second Choice"), ("value3", "Third Choice")])
        },
    },
}

DEFAULTS = {
    "name": {"type": "string", "default": "John Doe"},
    "age": {"type": "integer", "default": 30},
    "score": {"type": "number", "default": 95.5},
    "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
    "verified": {"type": "boolean", "default": True},
}

USER = {
    "username": {"type": "string", "description": "User's response"},
    "email": {"type": "string", "description": "User's email address"},
}

BLOCKS = {
    "embedded_resource": [embedded("test://embedded-resource", "text/plain", "This is an embedded resource content.")],
    "multiple_content_types": [
        text("Multiple content types test:"),
        {"type": "image", "data": PIXEL, "mimeType": "image/png"},
        embedded("test://mixed-content-resource", "application/json", '{"test":"data","value":123}'),
    ],
}

# By the tool: the rounds of its questions.
ASKS = {
    "elicitation": [{"user": form(PARAMS.get("message", ""), USER, ["username", "email"])}],
    "sampling": [{"answer": sample(PARAMS.get("prompt", ""))}],
    "defaults": [{"values": form("Please review the values", DEFAULTS)}],
    "enums": [{"values": form("Please choose", ENUMS)}],
    "input_elicitation": [{"user_name": NAME}],
    "input_sampling": [{"capital_question": sample("What is the capital of France?")}],
    "input_list_roots": [{"client_roots": ROOTS}],
    "input_request_state": [{"confirm": form("Please confirm", {"ok": {"type": "boolean"}}, ["ok"])}],
    "input_multiple_inputs": [
        {"user_name": NAME, "greeting": sample("Generate a greeting", 50), "client_roots": ROOTS}
    ],
    "input_multi_round": [
        {"step1": ask_text("Step 1: What is your name?", "name")},
        {"step2": ask_text("Step 2: What is your favorite color?", "color")},
    ],
    "input_tampered_state": [{"confirm": form("Please confirm", {"ok": {"type": "boolean"}}, ["ok"])}],
    "input_capabilities": [{"user_name": NAME, "greeting": sample("Generate a greeting", 50)}],
    "confirm_delete": [{"confirm": form("Really delete it?", {"confirm": {"type": "boolean"}}, ["confirm"])}],
    "multi_input": [{"first": ask_text("The first?", "value"), "second": ask_text("The second?", "value")}],
}


def said(answer):
    if "content" in answer and isinstance(answer["content"], dict) and "text" in answer["content"]:
        return f"LLM response: {answer['content']['text']}"
    if "roots" in answer:
        return "roots: " + ", ".join(root["uri"] for root in answer["roots"])
    return f"action={answer.get('action')}, content={json.dumps(answer.get('content', {}))}"


def made(tool):
    if tool in BLOCKS:
        return BLOCKS[tool]
    state = INPUT["state"] or {"round": 0, "answers": {}}
    answers = {**state["answers"], **INPUT["responses"]}
    rounds = ASKS[tool]
    asked = state["round"]
    if asked and all(name in answers or name in INPUT["unasked"] for name in rounds[asked - 1]) and asked == len(rounds):
        words = "; ".join(f"{name}: {said(answer)}" for name, answer in answers.items())
        return [text(f"state-ok {words}")]
    return {"input_required": {"requests": rounds[asked], "state": {"round": asked + 1, "answers": answers}}}


print(json.dumps(made(sys.argv[1])))
