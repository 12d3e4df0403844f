// Forwards every request to a host and adds a key, for clients that cannot send one. Arguments: the host's port and the key.
// Prints its own port, and ends when its standard input ends.
import http from 'node:http';

const [port, key] = process.argv.slice(2);
const server = http.createServer((request, response) => {
  const headers = { ...request.headers, 'x-api-key': key };
  const forwarded = http.request({ host: '127.0.0.1', port, method: request.method, path: request.url, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  forwarded.on('error', () => response.destroy());
  response.on('close', () => forwarded.destroy());
  request.pipe(forwarded);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.on('end', () => process.exit(0)).resume();
