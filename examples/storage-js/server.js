// Serves front and desk in Node over this storage, as a module: no component of it is made. See docs/storage.md.
import { readFile } from 'node:fs/promises';
import { HTTPServer } from '@bytecodealliance/preview2-shim/http';
import { WASIShim } from '@bytecodealliance/preview2-shim/instantiation';
import { instantiate as instantiateDesk } from './desk/desk.js';
import { instantiate as instantiateFront } from './front/front.js';
import { Storage } from './storage.js';

const wasi = new WASIShim().getImportObject();

function desk(storage) {
  return instantiateDesk(modules('desk'), { ...wasi, 'portdesk:desk/key-value': storage });
}

function modules(folder) {
  return async (file) => WebAssembly.compile(await readFile(new URL(`${folder}/${file}`, import.meta.url)));
}

// One instance without a storage says what is stored; another serves over the storage that knows it.
const absent = () => {
  throw new Error('this desk is asked for its schema only');
};
const describing = await desk({ get: absent, insert: absent, update: absent, query: absent });
const storage = new Storage(describing.schema.collection());
const serving = await desk({
  get: (key) => storage.get(key),
  insert: (key, fields, changeId) => storage.insert(key, fields, changeId),
  update: (key, change) => storage.update(key, change),
  query: (query) => storage.query(query),
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
