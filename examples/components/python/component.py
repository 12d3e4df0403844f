"""The exports of the component: HTTP on the outside. storeroom.py has the four operations."""

import json
import sys
from pathlib import Path
from urllib.parse import parse_qsl

from wit_world import exports
from wit_world.exports.handler import Request, Response
from wit_world.exports.schema import CollectionSchema

import article
import storeroom
from storeroom import Refusal


def contract() -> str:
    """This runs while the component is built. Later there are no files."""
    files = (Path(folder) / "openapi.yaml" for folder in sys.path)
    return next(file for file in files if file.exists()).read_text()


OPENAPI = contract()


class Schema(exports.Schema):
    def collection(self) -> CollectionSchema:
        return article.collection()

    def openapi(self) -> str:
        return OPENAPI


class Handler(exports.Handler):
    def handle(self, request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        match (method, request.path.split("/")[1:]):
            case ("POST", ["articles"]):
                return answer("add_article", 201, lambda: storeroom.add(body(request), request.request_id))
            case ("GET", ["articles"]):
                return answer("list_articles", 200, lambda: storeroom.list_shelf(*query(request)))
            case ("GET", ["articles", number]):
                return answer("get_article", 200, lambda: storeroom.get(number))
            case ("POST", ["articles", number, "moves"]):
                key = dict(request.headers).get("idempotency-key")
                return answer("move_pieces", 200, lambda: storeroom.move_pieces(number, body(request), key))
            case (_, ["articles"] | ["articles", _] | ["articles", _, "moves"]):
                return problem(405, "This path has no such method.")
            case _:
                return problem(404, "There is nothing at this path.")


def answer(operation: str, status: int, perform) -> Response:
    try:
        response = to_json(status, perform())
    except Refusal as refusal:
        # A host writes this to its log at level debug.
        print(f"{operation} failed: {refusal}", file=sys.stderr)
        response = problem(refusal.status, str(refusal))
    response.operation = operation
    return response


def body(request: Request) -> dict:
    try:
        value = json.loads(request.body.decode())
    except ValueError:
        raise Refusal(400, "The body is not JSON in UTF-8.") from None
    if not isinstance(value, dict):
        raise Refusal(400, "The body has to be an object.")
    return value


def query(request: Request) -> tuple[str, str | None]:
    found = dict(parse_qsl(request.query or "", keep_blank_values=True))
    shelf, cursor = found.pop("shelf", None), found.pop("cursor", None)
    if found:
        raise Refusal(400, "The query has something else than `shelf` and `cursor`.")
    if shelf is None:
        raise Refusal(400, "The query lacks `shelf`.")
    return shelf, cursor


def to_json(status: int, value: object) -> Response:
    return Response(status, [("content-type", "application/json")], json.dumps(value).encode(), None)


def problem(status: int, message: str) -> Response:
    return to_json(status, {"message": message})
