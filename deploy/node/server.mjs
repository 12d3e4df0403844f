// Serves in Node the modules that `jco transpile` makes from the stand-alone component. See docs/deploy.md.
import { HTTPServer } from '@bytecodealliance/preview2-shim/http';
import { incomingHandler } from './portdesk.js';

const host = process.env.HOST ?? '127.0.0.1';
const port = Number(process.env.PORT ?? 8080);
new HTTPServer(incomingHandler).listen(port, host);
console.log(`listening on http://${host}:${port}`);
