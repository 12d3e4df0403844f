// Serves the stand-alone component in Node, from what `jco transpile` made of it. See docs/deploy.md.
import { HTTPServer } from '@bytecodealliance/preview2-shim/http';
import { incomingHandler } from './portdesk.js';

const host = process.env.HOST ?? '127.0.0.1';
const port = Number(process.env.PORT ?? 8080);
new HTTPServer(incomingHandler).listen(port, host);
console.log(`listening on http://${host}:${port}`);
