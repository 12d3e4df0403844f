// Cursors. A cursor is a position in an index as text. A client may keep it for ever.
//
// A cursor consists of the position and a digest, both as hexadecimal digits. The digest covers the index and the value
// too, so the store detects a cursor that was changed or that belongs to another query. The digest is not a secret: a
// forged cursor only leads to a place in the list of the query, which the caller may read anyway.
import { fromUtf8, utf8 } from './text.js';

/** Returns the cursor for a position in the list of `value` in `index`. */
export function write({ order, key }, index, value) {
  return hex(utf8(JSON.stringify([order, key]))) + digest([index, value, order, key]);
}

/** Returns the position of a cursor. Throws `invalid-cursor` if the cursor is not one of this list. */
export function read(cursor, index, value) {
  const position = parse(cursor);
  // The cursor for this position has to be the same text, so that each position has one cursor.
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
// More than the longest cursor has: an order value of 1,024 bytes and a key of 128, with every character escaped.
const CURSOR_DIGITS = 16_384;
