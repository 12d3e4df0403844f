// Cursors: a position in an index as text that a client may keep for ever.
//
// Position and digest, both as hexadecimal digits. The digest is over index and value too, so that a cursor that was
// changed, or that belongs to another query, is found out. It is no secret: who makes a cursor up gets to a place of a
// list that the query names, and may read that in any case.
import { fromUtf8, utf8 } from './text.js';

/** The cursor for a position in the list of `value` in `index`. */
export function write({ order, key }, index, value) {
  return hex(utf8(JSON.stringify([order, key]))) + digest([index, value, order, key]);
}

/** The position of a cursor of this list. */
export function read(cursor, index, value) {
  const position = parse(cursor);
  // Written again it has to be the same, so that one position has one cursor.
  if (!position || write(position, index, value) !== cursor) throw { tag: 'invalid-cursor' };
  return position;
}

function parse(cursor) {
  const digits = cursor.slice(0, -DIGEST_DIGITS);
  if (cursor.length > CURSOR_DIGITS || digits.length % 2 !== 0 || !/^[0-9a-f]+$/.test(digits)) return undefined;
  try {
    const bytes = digits.match(/../g).map((pair) => parseInt(pair, 16));
    const [order, key, ...more] = JSON.parse(fromUtf8(bytes));
    const isPosition = typeof order === 'string' && typeof key === 'string' && more.length === 0;
    return isPosition ? { order, key } : undefined;
  } catch {
    return undefined;
  }
}

// FNV-1a with 64 bits.
function digest(parts) {
  let digest = 0xcbf29ce484222325n;
  for (const byte of utf8(JSON.stringify(parts))) {
    digest = BigInt.asUintN(64, (digest ^ BigInt(byte)) * 0x100000001b3n);
  }
  return digest.toString(16).padStart(DIGEST_DIGITS, '0');
}

function hex(bytes) {
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

const DIGEST_DIGITS = 16;
// More than the longest has: an order value of 1,024 bytes and a key of 128, each character escaped.
const CURSOR_DIGITS = 16_384;
