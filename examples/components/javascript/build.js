// Makes `storeroom.wasm`. A component has no files, so the contract becomes a module of it.
import { readFile, writeFile } from 'node:fs/promises';
import { componentize } from 'componentize-qjs';

const contract = await readFile('../openapi.yaml', 'utf8');
await writeFile('contract.js', `export default ${JSON.stringify(contract)};\n`);

const { component } = await componentize({
  witPath: '../../../wit',
  world: 'desk',
  jsPath: 'component.js',
  jsSource: await readFile('component.js', 'utf8'),
  moduleRoot: '.',
  optSize: true,
  sync: true,
});
await writeFile('storeroom.wasm', component);
console.log(`storeroom.wasm: ${component.length} bytes`);
