"""An article, as clients see it and as the store keeps it."""

from wit_world.exports.schema import CollectionSchema, Index, ListSchema
from wit_world.imports.key_value import Item, Summary

SHELF_INDEX = "by-shelf"
MOVES = "moves"


def collection() -> CollectionSchema:
    """A store builds the index from this."""
    return CollectionSchema(
        key_field="number",
        listed=["name", "shelf", "pieces", "added_at", "changed_at"],
        lists=[ListSchema(MOVES, "move_id")],
        indexes=[Index(SHELF_INDEX, partition="shelf", order="added_at", optional=False)],
    )


def article(item: Item) -> dict:
    """The article in an item, with its moves."""
    entries = [entry for moves in item.lists if moves.name == MOVES for entry in moves.entries]
    return listed(item) | {"moves": [{"move_id": entry.id} | values(entry.fields) for entry in entries]}


def listed(item: Item | Summary) -> dict:
    """The article in a page of an index."""
    return {"number": item.key} | values(item.fields)


def values(fields: list[tuple[str, str]]) -> dict:
    """What is stored under these names. Every stored value is a text."""
    found = dict(fields)
    return found | {"pieces": int(found["pieces"])}
