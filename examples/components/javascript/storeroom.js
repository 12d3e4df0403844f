// The four operations. Each makes as few calls of the store as possible.
import * as store from 'portdesk:desk/key-value@0.1.0';
import { getRandomBytes } from 'wasi:random/random@0.2.12';
import { MOVES, SHELF_INDEX, article, listed, values } from './article.js';

/** Why an operation was not done, for the client. */
export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Adds an article. A repeat of a request that got no answer is told that the article is there. */
export function add(body, requestId) {
  members(body, ['number', 'name', 'shelf', 'pieces'], []);
  check(isName(body.number), '`number` has to be 1 to 32 of A-Z, a-z, 0-9 and -.');
  check(isName(body.shelf), '`shelf` has to be 1 to 32 of A-Z, a-z, 0-9 and -.');
  check(isText(body.name, 1, 100), '`name` has to have 1 to 100 characters.');
  check(isCount(body.pieces, 0), `\`pieces\` has to be 0 to ${MOST}.`);
  const now = time();
  const { number, name, shelf } = body;
  const fields = Object.entries({ name, shelf, pieces: String(body.pieces), added_at: now, changed_at: now });
  const outcome = asked(() => store.insert(number, fields, requestId));
  if (outcome.tag === 'exists') throw new Refusal(409, 'There is an article with this number.');
  return article(outcome.tag === 'repeated' ? outcome.val : { key: number, fields, lists: [] });
}

export function get(number) {
  return article(item(number));
}

/** A page of the articles on a shelf. */
export function list({ shelf, cursor }) {
  check(isName(shelf), '`shelf` has to be 1 to 32 of A-Z, a-z, 0-9 and -.');
  const page = asked(() => store.query({ index: SHELF_INDEX, value: shelf, limit: 50, cursor }));
  return { articles: page.items.map(listed), next_cursor: page.cursor ?? undefined };
}

/**
 * Takes pieces away or brings some. The change names the version that it was computed from: if another change was faster, it
 * is computed again, so that two clients never take the same piece.
 */
export function movePieces(number, body, key) {
  members(body, ['pieces'], ['reason']);
  check(isCount(body.pieces, -MOST), `\`pieces\` has to be -${MOST} to ${MOST}.`);
  check(body.reason === undefined || isText(body.reason, 0, 200), '`reason` has to have at most 200 characters.');
  check(key === undefined || /^[!-~]{1,64}$/.test(key), '`Idempotency-Key` has to have 1 to 64 characters of ASCII.');
  const id = key ?? randomId();
  let current = item(number);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const made = current.lists.flatMap(({ entries }) => entries).find((entry) => entry.id === id);
    if (made) return repeated(number, made, body);
    const pieces = values(current.fields).pieces + body.pieces;
    if (!isCount(pieces, 0)) throw new Refusal(409, 'There are not enough pieces, or too many.');
    const { tag, val } = asked(() => store.update(number, change(current, id, body, pieces)));
    if (tag === 'updated') return get(number);
    if (tag === 'duplicate') return repeated(number, val, body);
    if (tag === 'missing') throw MISSING;
    if (tag === 'full') throw new Refusal(409, 'This article has had all its moves.');
    current = val;
  }
  throw UNAVAILABLE;
}

/** The answer to a move whose key a move of this article has already. */
function repeated(number, made, body) {
  if (values(made.fields).pieces !== body.pieces) throw new Refusal(409, 'Another move has this Idempotency-Key.');
  return get(number);
}

function change(current, id, body, pieces) {
  const now = time();
  const reason = body.reason === undefined ? [] : [['reason', body.reason]];
  const fields = [['pieces', String(body.pieces)], ...reason, ['at', now]];
  return {
    id: randomId(),
    atVersion: current.version,
    unless: [],
    unlessAbove: [],
    set: [['pieces', String(pieces)], ['changed_at', now]],
    append: { list: MOVES, entry: { id, fields }, maxEntries: 1000 },
  };
}

function item(number) {
  const found = isName(number) ? asked(() => store.get(number)) : undefined;
  if (!found) throw MISSING;
  return found;
}

/** Makes a call of the store. Its errors are thrown as values of `error` in wit/key-value.wit. */
function asked(call) {
  try {
    return call();
  } catch (error) {
    const tag = (error.payload ?? error).tag;
    if (tag === 'invalid-cursor') throw new Refusal(400, '`cursor` is not of this shelf.');
    if (tag === 'too-large' || tag === 'invalid') throw new Refusal(400, 'This is too much.');
    if (tag === 'unknown') throw new Refusal(503, 'It is not known whether this was done. Look before you try again.');
    if (tag === 'corrupt') throw new Refusal(500, 'What is stored cannot be read.');
    if (tag === undefined) throw error;
    throw UNAVAILABLE;
  }
}

function members(body, required, optional) {
  check(typeof body === 'object' && body !== null && !Array.isArray(body), 'The body has to be an object.');
  for (const name of required) check(name in body, `The body lacks \`${name}\`.`);
  const others = Object.keys(body).filter((name) => ![...required, ...optional].includes(name));
  check(others.length === 0, `The body has \`${others[0]}\`, which is not known.`);
}

function check(isRight, message) {
  if (!isRight) throw new Refusal(400, message);
}

function isName(value) {
  return typeof value === 'string' && /^[A-Za-z0-9-]{1,32}$/.test(value);
}

function isText(value, least, most) {
  return typeof value === 'string' && value.isWellFormed() && [...value].length >= least && [...value].length <= most;
}

function isCount(value, least) {
  return Number.isInteger(value) && value >= least && value <= MOST;
}

function randomId() {
  return [...getRandomBytes(16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** In milliseconds. All times have the same length, so their order as text is that of time. */
function time() {
  return new Date().toISOString();
}

const ATTEMPTS = 10;
const MOST = 1_000_000;
const MISSING = new Refusal(404, 'There is no article with this number.');
const UNAVAILABLE = new Refusal(503, 'Try again later. Nothing was changed.');
