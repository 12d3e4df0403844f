// The edge of the component: the world `store` of wit/world.wit, over the one store of this instance.
import { collection } from 'portdesk:desk/schema@0.1.0';
import { Store } from './store.js';

let opened;

// Not at the top level, which runs while the component is built: there is no desk then to ask for its schema.
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
