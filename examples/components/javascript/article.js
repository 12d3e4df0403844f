// An article, as clients see it and as the store keeps it.

export const SHELF_INDEX = 'by-shelf';
export const MOVES = 'moves';

/** A store builds the index from this. */
export const collection = {
  keyField: 'number',
  listed: ['name', 'shelf', 'pieces', 'added_at', 'changed_at'],
  lists: [{ name: MOVES, idField: 'move_id' }],
  indexes: [{ name: SHELF_INDEX, partition: 'shelf', order: 'added_at', optional: false }],
};

/** The article in an item, with its moves. */
export function article({ key, fields, lists }) {
  const entries = lists.find((list) => list.name === MOVES)?.entries ?? [];
  return { ...listed({ key, fields }), moves: entries.map((entry) => ({ move_id: entry.id, ...values(entry.fields) })) };
}

/** The article in a page of an index. */
export function listed({ key, fields }) {
  return { number: key, ...values(fields) };
}

/** What is stored under these names. Every stored value is a text. */
export function values(fields) {
  const found = Object.fromEntries(fields);
  return { ...found, pieces: Number(found.pieces) };
}
