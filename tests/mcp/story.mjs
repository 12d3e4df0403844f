// The story of one ticket, told with the TypeScript SDK. Arguments: the URL of /mcp, a key, and a key without quota.
import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const [url, key, poorKey] = process.argv.slice(2);

async function connected(key) {
  const client = new Client({ name: 'story', version: '1' });
  const requestInit = { headers: { 'x-api-key': key } };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
  return client;
}

const client = await connected(key);
const call = (name, args) => client.callTool({ name, arguments: args });
const text = (result) => result.content[0].text;

const { tools } = await client.listTools();
assert.deepEqual(tools.map((tool) => tool.name).sort(), [
  'add_ticket_comment',
  'create_ticket',
  'get_ticket_status',
  'list_recent_tickets',
  'update_ticket_status',
]);

const caller = `ts-${process.pid}`;
const issue = { caller_id: caller, issue_description: 'No power.', idempotency_key: `${caller}-1` };
const created = await call('create_ticket', issue);
const { ticket_id } = created.structuredContent;
assert.equal((await call('create_ticket', issue)).structuredContent.ticket_id, ticket_id);
const commented = await call('add_ticket_comment', { ticket_id, comment: 'Still none.' });
assert.ok(!commented.isError, text(commented));

for (let number = 0; number < 4; number += 1) {
  await call('create_ticket', { caller_id: caller, issue_description: `Issue ${number}` });
}
const seen = [];
let cursor;
let pages = 0;
do {
  const page = (await call('list_recent_tickets', { caller, limit: 2, ...(cursor && { cursor }) })).structuredContent;
  seen.push(...page.tickets.map((ticket) => ticket.ticket_id));
  cursor = page.next_cursor;
  pages += 1;
} while (cursor);
assert.deepEqual([pages, new Set(seen).size, seen.length], [3, 5, 5]);

const illegal = await call('update_ticket_status', { ticket_id, status: 'closed' });
assert.ok(illegal.isError);
assert.match(text(illegal), /allowed: .*in_progress/);

const { etag } = (await call('get_ticket_status', { ticket_id })).structuredContent;
const moved = await call('update_ticket_status', { ticket_id, status: 'in_progress', if_match: etag });
assert.equal(moved.structuredContent.status, 'in_progress');
const stale = await call('update_ticket_status', { ticket_id, status: 'on_hold', if_match: etag });
assert.ok(stale.isError);
assert.match(text(stale), /412 .*etag/s);

const poor = await connected(poorKey);
let refused;
for (let number = 0; number < 10 && !refused; number += 1) {
  const result = await poor.callTool({ name: 'list_recent_tickets', arguments: { caller } }).catch((error) => error);
  if (result instanceof Error) refused = result.message;
  else if (result.isError) refused = text(result);
}
console.log(refused);
assert.match(refused, /Limit Exceeded|used its/);
await client.close();
process.exit(0);
