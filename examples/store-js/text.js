// Texts as the contract sees them: UTF-8, ordered byte by byte. The language itself counts and orders texts in units of
// 16 bits. `TextEncoder` is no part of the language, and not every engine has it.

/** How many bytes a text has. */
export function utf8Length(text) {
  let bytes = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    // Half of a pair is 2 bytes: both are one character of 4.
    bytes += unit < 0x80 ? 1 : unit < 0x800 || isHalf(unit) ? 2 : 3;
  }
  return bytes;
}

/** Less than 0, 0 or more than 0, as the first text is before, at or behind the second. */
export function compare(one, other) {
  const shorter = Math.min(one.length, other.length);
  for (let at = 0; at < shorter; at += 1) {
    const difference = rank(one.charCodeAt(at)) - rank(other.charCodeAt(at));
    if (difference !== 0) return difference;
  }
  return one.length - other.length;
}

/** Pairs in the order of their names. */
export function sorted(pairs) {
  return [...pairs].sort(([one], [other]) => compare(one, other));
}

/** The bytes of a text. */
export function utf8(text) {
  const escaped = encodeURIComponent(text).match(/%..|[^%]/g) ?? [];
  return escaped.map((part) => (part.length === 3 ? parseInt(part.slice(1), 16) : part.charCodeAt(0)));
}

/** The text of bytes; throws where they are none. */
export function fromUtf8(bytes) {
  return decodeURIComponent(bytes.map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''));
}

// Characters that take a pair are behind all others, but the units of pairs are not.
function rank(unit) {
  return isHalf(unit) ? unit + 0x10000 : unit;
}

function isHalf(unit) {
  return unit >= 0xd800 && unit <= 0xdfff;
}
