// The exports of the component: HTTP on the outside. `storeroom.js` has the four operations.
import openapi from './contract.js';
import { collection } from './article.js';
import { Refusal, add, get, list, movePieces } from './storeroom.js';
import { fromUtf8, utf8 } from './text.js';

export const handler = {
  handle(request) {
    const route = routed(request);
    if (!route.perform) return problem(route.status, route.message);
    try {
      return { ...json(route.status, route.perform()), operation: route.operation };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { ...problem(error.status, error.message), operation: route.operation };
    }
  },
};

export const schema = { collection: () => collection, openapi: () => openapi };

function routed(request) {
  const [, root, number, part, ...rest] = request.path.split('/');
  const is = (method, isPath) => isPath && (request.method === method || (method === 'GET' && request.method === 'HEAD'));
  const path = root === 'articles' && rest.length === 0 && (part === undefined || part === 'moves');
  if (!path) return { status: 404, message: 'There is nothing at this path.' };
  if (is('POST', number === undefined)) {
    return { operation: 'add_article', status: 201, perform: () => add(body(request), request.requestId) };
  }
  if (is('GET', number === undefined)) {
    return { operation: 'list_articles', status: 200, perform: () => list(query(request)) };
  }
  if (is('GET', part === undefined)) {
    return { operation: 'get_article', status: 200, perform: () => get(number) };
  }
  if (is('POST', part === 'moves')) {
    const perform = () => movePieces(number, body(request), header(request, 'idempotency-key'));
    return { operation: 'move_pieces', status: 200, perform };
  }
  return { status: 405, message: 'This path has no such method.' };
}

function body(request) {
  try {
    return JSON.parse(fromUtf8(request.body));
  } catch {
    throw new Refusal(400, 'The body is not JSON in UTF-8.');
  }
}

function query(request) {
  const pairs = (request.query ?? '').split('&').filter((pair) => pair !== '');
  const found = Object.fromEntries(pairs.map((pair) => pair.split('=')));
  const { shelf, cursor, ...others } = found;
  if (Object.keys(others).length > 0) {
    throw new Refusal(400, 'The query has something else than `shelf` and `cursor`.');
  }
  if (shelf === undefined) throw new Refusal(400, 'The query lacks `shelf`.');
  return { shelf, cursor };
}

function header(request, wanted) {
  return request.headers.find(([name]) => name === wanted)?.[1];
}

function json(status, value) {
  return { status, headers: [['content-type', 'application/json']], body: utf8(JSON.stringify(value)), operation: undefined };
}

function problem(status, message) {
  return json(status, { message });
}
