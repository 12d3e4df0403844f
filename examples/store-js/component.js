// The exports of the component (the world `store` in wit/world.wit). Each instance has one store.
import { collection } from 'portdesk:desk/schema@0.1.0';
import { Store } from './store.js';

let opened;

// This is not done at the top level, which runs while the component is built: then there is no desk that has a schema.
function store() {
  opened ??= new Store(collection());
  return opened;
}

export const keyValue = {
  get: (key) => store().get(key),
  insert: (key, fields, changeId) => store().insert(key, fields, changeId),
  update: (key, change) => store().update(key, change),
  query: (query) => store().query(query),
};
