"""Prints the tools that FastMCP makes of an OpenAPI document, sorted. Argument: the file."""
import asyncio
import json
import sys

import httpx2
from fastmcp import FastMCP

document = json.load(open(sys.argv[1]))
server = FastMCP.from_openapi(openapi_spec=document, client=httpx2.AsyncClient(base_url="https://desk.example.net"))
tools = asyncio.run(server.list_tools())
print(*sorted(tool.name for tool in tools))
