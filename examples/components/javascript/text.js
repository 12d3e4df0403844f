// UTF-8. The engine has no `TextEncoder` and no `TextDecoder`.

/** The bytes of a text. */
export function utf8(text) {
  const parts = encodeURIComponent(text).match(/%..|[^%]/g) ?? [];
  return Uint8Array.from(parts, (part) => (part.length === 3 ? parseInt(part.slice(1), 16) : part.charCodeAt(0)));
}

/** The text of bytes. Throws if they are not UTF-8. */
export function fromUtf8(bytes) {
  return decodeURIComponent(Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''));
}
