// Serves the front and the desk in Node, with the store as a plain module instead of a component. See docs/stores.md.
import { readFile } from 'node:fs/promises';
import { HTTPServer } from '@bytecodealliance/preview2-shim/http';
import { WASIShim } from '@bytecodealliance/preview2-shim/instantiation';
import { instantiate as instantiateDesk } from './desk/desk.js';
import { instantiate as instantiateFront } from './front/front.js';
import { Store } from './store.js';

const wasi = new WASIShim().getImportObject();

function desk(store) {
  return instantiateDesk(modules('desk'), { ...wasi, 'portdesk:desk/key-value': store });
}

function modules(folder) {
  return async (file) => WebAssembly.compile(await readFile(new URL(`${folder}/${file}`, import.meta.url)));
}

// The first instance of the desk has no store and only returns the schema. The store needs the schema, and the second
// instance needs the store.
const absent = () => {
  throw new Error('this instance of the desk only returns its schema and has no store');
};
const describing = await desk({ get: absent, insert: absent, update: absent, query: absent });
const store = new Store(describing.schema.collection());
const serving = await desk({
  get: (key) => store.get(key),
  insert: (key, fields, changeId) => store.insert(key, fields, changeId),
  update: (key, change) => store.update(key, change),
  query: (query) => store.query(query),
});
const front = await instantiateFront(modules('front'), {
  ...wasi,
  'portdesk:desk/handler': serving.handler,
  'portdesk:desk/schema': serving.schema,
});

const host = process.env.HOST ?? '127.0.0.1';
const port = Number(process.env.PORT ?? 8080);
new HTTPServer(front.incomingHandler).listen(port, host);
console.log(`listening on http://${host}:${port}`);
