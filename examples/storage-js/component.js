// The edge of the component: the world `storage` of wit/world.wit, over the one storage of this instance.
import { collection } from 'portdesk:desk/schema@0.1.0';
import { Storage } from './storage.js';

let opened;

// Not at the top level, which runs while the component is built: there is no desk then to ask for its schema.
function storage() {
  opened ??= new Storage(collection());
  return opened;
}

export const keyValue = {
  get: (key) => storage().get(key),
  insert: (key, fields, changeId) => storage().insert(key, fields, changeId),
  update: (key, change) => storage().update(key, change),
  query: (query) => storage().query(query),
};
