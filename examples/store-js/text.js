// Measures and orders texts as UTF-8, byte by byte, as wit/key-value.wit requires. JavaScript itself counts and orders
// texts in units of 16 bits. `TextEncoder` is not a part of the language, and some engines do not have it.

/** Returns the number of bytes of a text. */
export function utf8Length(text) {
  let bytes = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    // Each half of a surrogate pair counts as 2 bytes: the pair is one character of 4 bytes.
    bytes += unit < 0x80 ? 1 : unit < 0x800 || isHalf(unit) ? 2 : 3;
  }
  return bytes;
}

/** Returns a negative number, 0 or a positive number if the first text is before, equal to or after the second. */
export function compare(one, other) {
  const shorter = Math.min(one.length, other.length);
  for (let at = 0; at < shorter; at += 1) {
    const difference = rank(one.charCodeAt(at)) - rank(other.charCodeAt(at));
    if (difference !== 0) return difference;
  }
  return one.length - other.length;
}

/** Returns pairs sorted by name. */
export function sorted(pairs) {
  return [...pairs].sort(([one], [other]) => compare(one, other));
}

/** Returns the bytes of a text. */
export function utf8(text) {
  const escaped = encodeURIComponent(text).match(/%..|[^%]/g) ?? [];
  return escaped.map((part) => (part.length === 3 ? parseInt(part.slice(1), 16) : part.charCodeAt(0)));
}

/** Returns the text of bytes. Throws if they are not UTF-8. */
export function fromUtf8(bytes) {
  return decodeURIComponent(bytes.map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''));
}

// In UTF-8, characters that need a surrogate pair come after all others, but the units of pairs do not.
function rank(unit) {
  return isHalf(unit) ? unit + 0x10000 : unit;
}

function isHalf(unit) {
  return unit >= 0xd800 && unit <= 0xdfff;
}
