"""The four operations. Each makes as few calls of the store as possible."""

import re
import uuid
from datetime import datetime, timezone

from componentize_py_types import Err
from wit_world.imports import key_value
from wit_world.imports.key_value import Append, Change, Entry, IndexQuery, Item

from article import MOVES, SHELF_INDEX, article, listed, values

ATTEMPTS = 10
MOST = 1_000_000


class Refusal(Exception):
    """Why an operation was not done, for the client."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def add(body: dict, request_id: str) -> dict:
    """Adds an article. A repeat of a request that got no answer is told that the article is there."""
    check_members(body, {"number", "name", "shelf", "pieces"}, set())
    check(is_name(body["number"]), "`number` has to be 1 to 32 of A-Z, a-z, 0-9 and -.")
    check(is_name(body["shelf"]), "`shelf` has to be 1 to 32 of A-Z, a-z, 0-9 and -.")
    check(is_text(body["name"], 1, 100), "`name` has to have 1 to 100 characters.")
    check(is_count(body["pieces"], 0), f"`pieces` has to be 0 to {MOST}.")
    now, number = time(), body["number"]
    fields = [
        ("name", body["name"]),
        ("shelf", body["shelf"]),
        ("pieces", str(body["pieces"])),
        ("added_at", now),
        ("changed_at", now),
    ]
    match asked(lambda: key_value.insert(number, fields, request_id)):
        case key_value.InsertOutcome_Inserted(version):
            return article(Item(number, version, fields, []))
        case key_value.InsertOutcome_Repeated(item):
            return article(item)
        case _:
            raise Refusal(409, "There is an article with this number.")


def get(number: str) -> dict:
    return article(stored(number))


def list_shelf(shelf: str, cursor: str | None) -> dict:
    """A page of the articles on a shelf."""
    check(is_name(shelf), "`shelf` has to be 1 to 32 of A-Z, a-z, 0-9 and -.")
    page = asked(lambda: key_value.query(IndexQuery(SHELF_INDEX, shelf, 50, cursor)))
    next_page = {"next_cursor": page.cursor} if page.cursor else {}
    return {"articles": [listed(item) for item in page.items]} | next_page


def move_pieces(number: str, body: dict, key: str | None) -> dict:
    """Takes pieces away or brings some.

    The change names the version that it was computed from: if another change was faster, it is computed again, so that two
    clients never take the same piece.
    """
    check_members(body, {"pieces"}, {"reason"})
    check(is_count(body["pieces"], -MOST), f"`pieces` has to be -{MOST} to {MOST}.")
    check(is_text(body.get("reason", ""), 0, 200), "`reason` has to have at most 200 characters.")
    check(key is None or re.fullmatch("[!-~]{1,64}", key), "`Idempotency-Key` has to have 1 to 64 characters of ASCII.")
    move_id = key or str(uuid.uuid4())
    item = stored(number)
    for _ in range(ATTEMPTS):
        for made in (entry for moves in item.lists for entry in moves.entries if entry.id == move_id):
            return repeated(number, made, body)
        pieces = values(item.fields)["pieces"] + body["pieces"]
        if not is_count(pieces, 0):
            raise Refusal(409, "There are not enough pieces, or too many.")
        match asked(lambda: key_value.update(number, change(item, move_id, body, pieces))):
            case key_value.UpdateOutcome_Updated():
                return get(number)
            case key_value.UpdateOutcome_Duplicate(made):
                return repeated(number, made, body)
            case key_value.UpdateOutcome_Stale(newer) | key_value.UpdateOutcome_Refused(newer):
                item = newer
            case key_value.UpdateOutcome_Missing():
                raise missing()
            case key_value.UpdateOutcome_Full():
                raise Refusal(409, "This article has had all its moves.")
    raise unavailable()


def repeated(number: str, made: Entry, body: dict) -> dict:
    """The answer to a move whose key a move of this article has already."""
    if values(made.fields)["pieces"] != body["pieces"]:
        raise Refusal(409, "Another move has this Idempotency-Key.")
    return get(number)


def change(item: Item, move_id: str, body: dict, pieces: int) -> Change:
    now = time()
    reason = [("reason", body["reason"])] if "reason" in body else []
    fields = [("pieces", str(body["pieces"])), *reason, ("at", now)]
    return Change(
        id=str(uuid.uuid4()),
        at_version=item.version,
        unless=[],
        unless_above=[],
        set=[("pieces", str(pieces)), ("changed_at", now)],
        append=Append(MOVES, Entry(move_id, fields), max_entries=1000),
    )


def stored(number: str) -> Item:
    item = asked(lambda: key_value.get(number)) if is_name(number) else None
    if item is None:
        raise missing()
    return item


def asked(call):
    """Makes a call of the store."""
    try:
        return call()
    except Err as error:
        match error.value:
            case key_value.Error_InvalidCursor():
                raise Refusal(400, "`cursor` is not of this shelf.") from None
            case key_value.Error_TooLarge() | key_value.Error_Invalid():
                raise Refusal(400, "This is too much.") from None
            case key_value.Error_Unknown():
                raise Refusal(503, "It is not known whether this was done. Look before you try again.") from None
            case key_value.Error_Corrupt():
                raise Refusal(500, "What is stored cannot be read.") from None
            case _:
                raise unavailable() from None


def check_members(body: dict, required: set[str], optional: set[str]) -> None:
    for name in sorted(required - body.keys()):
        raise Refusal(400, f"The body lacks `{name}`.")
    for name in body.keys() - required - optional:
        raise Refusal(400, f"The body has `{name}`, which is not known.")


def check(is_right: object, message: str) -> None:
    if not is_right:
        raise Refusal(400, message)


def is_name(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch("[A-Za-z0-9-]{1,32}", value) is not None


def is_text(value: object, least: int, most: int) -> bool:
    # A half of a surrogate pair is no text, but JSON can have one.
    is_whole = isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)
    return is_whole and least <= len(value) <= most


def is_count(value: object, least: int) -> bool:
    return type(value) is int and least <= value <= MOST


def missing() -> Refusal:
    return Refusal(404, "There is no article with this number.")


def unavailable() -> Refusal:
    return Refusal(503, "Try again later. Nothing was changed.")


def time() -> str:
    """In microseconds. All times have the same length, so their order as text is that of time."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
