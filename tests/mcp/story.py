"""The story of one ticket in the Python clients of MCP.

Arguments: the URL of /mcp, a key, a key that may send three requests, and the client: fastmcp, or the mode of the client of the
package mcp (auto, legacy, or a version).
"""
import asyncio
import os
import sys

import httpx2
from fastmcp import Client as FastClient
from fastmcp.client.transports import StreamableHttpTransport
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

url, key, poor_key, kind = sys.argv[1:]


def connect(key):
    headers = {"x-api-key": key}
    if kind == "fastmcp":
        return FastClient(StreamableHttpTransport(url, headers=headers))
    client = httpx2.AsyncClient(headers=headers)
    return Client(streamable_http_client(url, http_client=client), mode=kind)


async def call(client, name, **arguments):
    """Returns whether the call failed, its text, and its structured content."""
    if kind == "fastmcp":
        result = await client.call_tool(name, arguments, raise_on_error=False)
    else:
        result = await client.call_tool(name, arguments)
    return result.is_error, result.content[0].text, result.structured_content


async def story():
    async with connect(key) as client:
        tools = await client.list_tools()
        tools = getattr(tools, "tools", tools)
        assert len(tools) == 5, tools
        caller = f"py-{kind}-{os.getpid()}"
        issue = dict(caller_id=caller, issue_description="No power.", idempotency_key=f"{caller}-1")
        failed, text, ticket = await call(client, "create_ticket", **issue)
        assert not failed, text
        _, _, again = await call(client, "create_ticket", **issue)
        assert again["ticket_id"] == ticket["ticket_id"], again
        failed, text, _ = await call(client, "add_ticket_comment", ticket_id=ticket["ticket_id"], comment="Still none.")
        assert not failed, text

        for number in range(4):
            await call(client, "create_ticket", caller_id=caller, issue_description=f"Issue {number}")
        seen, cursor, pages = [], {}, 0
        while True:
            _, _, page = await call(client, "list_recent_tickets", caller=caller, limit=2, **cursor)
            seen += [ticket["ticket_id"] for ticket in page["tickets"]]
            pages += 1
            if not page.get("next_cursor"):
                break
            cursor = {"cursor": page["next_cursor"]}
        assert (pages, len(seen), len(set(seen))) == (3, 5, 5), seen

        id = dict(ticket_id=ticket["ticket_id"])
        _, _, ticket = await call(client, "get_ticket_status", **id)
        etag = ticket["etag"]
        failed, text, moved = await call(client, "update_ticket_status", **id, status="in_progress", if_match=etag)
        assert not failed and moved["status"] == "in_progress", text
        failed, text, _ = await call(client, "update_ticket_status", **id, status="open")
        assert failed and "allowed: " in text and "resolved" in text, text
        failed, text, _ = await call(client, "update_ticket_status", **id, status="on_hold", if_match=etag)
        assert failed and text.startswith("412 ") and "etag" in text, text

    refused = ""
    try:
        async with connect(poor_key) as poor:
            for _ in range(10):
                failed, refused, _ = await call(poor, "list_recent_tickets", caller=caller)
                if failed:
                    break
    except BaseException as error:
        refused = repr(error)
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
            refused += repr(error)
    print(refused)
    assert "has used its 3 requests" in refused, refused


asyncio.run(story())
