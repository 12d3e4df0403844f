// Implements `key-value` of wit/key-value.wit in memory. The names are those of the WIT, in the form that all tools for
// JavaScript use: a record is an object, a variant is `{ tag, val }`, an option is a value or undefined, and an error is
// thrown.
//
// This module runs in a component and in Node. It handles one call at a time and never waits, so no other call comes
// between a decision and its change.
import * as cursors from './cursor.js';
import * as limits from './limits.js';
import { compare, sorted, utf8Length } from './text.js';

export class Store {
  #schema;
  // Maps keys to items in the form that `insert` makes. To make this store durable, replace the map with durable storage,
  // and return from every write only after the whole item, with its change ids, is stored. See docs/stores.md.
  #items = new Map();

  /** `schema` is the result of `collection` in wit/schema.wit. */
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
      // A number, although Node passes a `u64` of the WIT as a BigInt: QuickJS accepts only numbers.
      version: 1,
      fields: new Map(fields),
      // Maps the names of lists to maps from ids to entries, in the order of the appends.
      lists: new Map(),
      bytes,
      // Never removed, so that the store recognizes a repeated insert.
      insertedBy: changeId,
      // Only the last change. The store recognizes a repeated append by the id of its entry.
      changedBy: undefined,
    });
    return { tag: 'inserted', val: 1 };
  }

  update(key, change) {
    limits.checkKey(key);
    limits.checkChange(this.#schema, change);
    const { id, atVersion, unless, unlessAbove, set, append } = change;
    // If several outcomes apply, the first one in the order of the WIT is the result.
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
    // Nothing is changed before this line and nothing can fail after it, so a change is applied whole or not at all.
    if (append) kept.lists.set(append.list, entries.set(append.entry.id, entry(append.entry)));
    Object.assign(kept, { version: kept.version + 1, fields, bytes, changedBy: id });
    return { tag: 'updated', val: kept.version };
  }

  // Reads every item. A store with more than a few thousand items needs an index.
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

// The greatest order value comes first. Equal values are ordered by key, because keys never change.
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
