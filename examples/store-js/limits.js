// The limits of wit/key-value.wit. A call that breaks one is `invalid`: the caller has a defect.
import { utf8Length } from './text.js';

/** The largest size of an item in bytes, and the part of it that appends must leave free. */
export const ITEM_BYTES = 400 * 1024;
export const RESERVE_BYTES = 1024;
/** The largest number of fields of a call, an entry or an item. */
export const FIELDS = 64;

export function checkKey(key) {
  check(isWithin(utf8Length(key), 128));
}

export function checkChangeId(id) {
  check(isWithin(utf8Length(id), 64));
}

/** Checks the fields of an item. */
export function checkFields({ keyField, lists, indexes }, fields) {
  checkNames(fields, [keyField, ...lists.map((list) => list.name)]);
  const indexed = new Set(indexes.flatMap((index) => [index.partition, index.order]));
  for (const [name, value] of fields) check(!indexed.has(name) || isIndexable(value));
}

export function checkChange(schema, { id, unless, unlessAbove, set, append }) {
  checkChangeId(id);
  // A name may occur twice here, because two values of one field may both forbid the change.
  for (const pairs of [unless, unlessAbove]) check(pairs.length <= FIELDS && pairs.every(([name]) => isName(name)));
  checkFields(schema, set);
  if (!append) return;
  const list = schema.lists.find(({ name }) => name === append.list);
  check(list && isWithin(append.maxEntries, 10_000));
  checkKey(append.entry.id);
  checkNames(append.entry.fields, [list.idField]);
}

/** Checks a query and returns its index. */
export function checkQuery({ indexes }, name, value, limit) {
  const index = indexes.find((known) => known.name === name);
  check(index && isIndexable(value) && isWithin(limit, 100));
  return index;
}

function checkNames(fields, taken) {
  const names = fields.map(([name]) => name);
  check(names.length <= FIELDS && new Set(names).size === names.length);
  check(names.every((name) => isName(name) && !name.startsWith('portdesk_') && !taken.includes(name)));
}

function isName(name) {
  return isWithin(utf8Length(name), 64);
}

function isIndexable(value) {
  return isWithin(utf8Length(value), 1024);
}

function isWithin(number, most) {
  return number >= 1 && number <= most;
}

function check(holds) {
  if (!holds) throw { tag: 'invalid' };
}
