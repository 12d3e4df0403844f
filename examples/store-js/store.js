// `key-value` of wit/key-value.wit, in memory. The names are those of the WIT, as every tool for JavaScript writes them:
// a record is an object, a variant is `{ tag, val }`, an option is a value or nothing, an error is thrown.
//
// Nothing here knows whether it runs in a component or in Node. Calls come one at a time and none waits, so a decision
// and the change that follows it are one step.
import * as cursors from './cursor.js';
import * as limits from './limits.js';
import { compare, sorted, utf8Length } from './text.js';

export class Store {
  #schema;
  // From keys to items as they are kept, see `insert`. To make this store durable, replace the map by something that
  // is, and let every write end when its item is stored, whole, with its change ids. See docs/stores.md.
  #items = new Map();

  /** `schema`: what `collection` of wit/schema.wit says. */
  constructor(schema) {
    this.#schema = schema;
  }

  get(key) {
    limits.checkKey(key);
    const kept = this.#items.get(key);
    return kept && item(key, kept);
  }

  insert(key, fields, changeId) {
    limits.checkKey(key);
    limits.checkChangeId(changeId);
    limits.checkFields(this.#schema, fields);
    const bytes = utf8Length(key) + bytesOf(fields);
    if (bytes > limits.ITEM_BYTES) throw { tag: 'too-large' };
    const kept = this.#items.get(key);
    if (kept) return { tag: kept.insertedBy === changeId ? 'repeated' : 'exists', val: item(key, kept) };
    this.#items.set(key, {
      // A number, though a `u64` of the WIT comes as a BigInt in Node: QuickJS takes no other.
      version: 1,
      fields: new Map(fields),
      // From names of lists to entries by their ids, in the order of the appends.
      lists: new Map(),
      bytes,
      // Kept for good, so that a repeated insert is known.
      insertedBy: changeId,
      // The last one only; an append is known by the id of its entry.
      changedBy: undefined,
    });
    return { tag: 'inserted', val: 1 };
  }

  update(key, change) {
    limits.checkKey(key);
    limits.checkChange(this.#schema, change);
    const { id, atVersion, unless, unlessAbove, set, append } = change;
    // Where several outcomes hold, the first in the order of the WIT is given.
    const kept = this.#items.get(key);
    if (!kept) return { tag: 'missing' };
    const known = append && kept.lists.get(append.list)?.get(append.entry.id);
    if (known) return { tag: 'duplicate', val: known };
    if (kept.changedBy === id) return { tag: 'updated', val: kept.version };
    if (atVersion != null && Number(atVersion) !== kept.version) return { tag: 'stale', val: item(key, kept) };
    const forbidden = ([name, value]) => kept.fields.get(name) === value;
    const above = ([name, value]) => kept.fields.has(name) && compare(kept.fields.get(name), value) > 0;
    if (unless.some(forbidden) || unlessAbove.some(above)) return { tag: 'refused', val: item(key, kept) };
    const fields = new Map([...kept.fields, ...set]);
    const entries = append && (kept.lists.get(append.list) ?? new Map());
    const bytes = kept.bytes - bytesOf(kept.fields) + bytesOf(fields) + (append ? addedBytes(append, entries) : 0);
    if (!fits(append, entries, fields, bytes)) return { tag: 'full' };
    // Nothing was changed so far, and nothing below can fail: a change is seen whole or not at all.
    if (append) kept.lists.set(append.list, entries.set(append.entry.id, entry(append.entry)));
    Object.assign(kept, { version: kept.version + 1, fields, bytes, changedBy: id });
    return { tag: 'updated', val: kept.version };
  }

  // Looks at every item. A store of more than some thousand keeps an index.
  query({ index: name, value, limit, cursor }) {
    const index = limits.checkQuery(this.#schema, name, value, limit);
    const after = cursor == null ? undefined : cursors.read(cursor, name, value);
    const places = [...this.#items]
      .filter(([, { fields }]) => fields.get(index.partition) === value && fields.has(index.order))
      .map(([key, kept]) => ({ key, kept, order: kept.fields.get(index.order) }))
      .filter((place) => !after || descending(after, place) < 0)
      .sort(descending);
    const shown = places.slice(0, limit);
    return {
      items: shown.map(({ key, kept }) => summary(key, kept)),
      cursor: places.length > limit ? cursors.write(shown.at(-1), name, value) : undefined,
    };
  }
}

// The greatest order value first; equal ones by their keys, which never change.
function descending(one, other) {
  return compare(other.order, one.order) || compare(other.key, one.key);
}

function item(key, { version, fields, lists }) {
  const whole = ([name, entries]) => ({ name, entries: [...entries.values()] });
  return { key, version, fields: sorted(fields), lists: sorted(lists).map(whole) };
}

function summary(key, { version, fields, lists }) {
  const count = ([name, entries]) => [name, entries.size];
  return { key, version, fields: sorted(fields), counts: sorted(lists).map(count) };
}

function entry({ id, fields }) {
  return { id, fields: sorted(fields) };
}

function fits(append, entries, fields, bytes) {
  if (fields.size > limits.FIELDS) return false;
  if (!append) return bytes <= limits.ITEM_BYTES;
  return entries.size < append.maxEntries && bytes <= limits.ITEM_BYTES - limits.RESERVE_BYTES;
}

function addedBytes({ list, entry: { id, fields } }, entries) {
  return (entries.size === 0 ? utf8Length(list) : 0) + utf8Length(id) + bytesOf(fields);
}

function bytesOf(fields) {
  return [...fields].reduce((bytes, [name, value]) => bytes + utf8Length(name) + utf8Length(value), 0);
}
