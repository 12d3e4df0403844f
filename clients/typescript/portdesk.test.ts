// What the helper says to the private listener. A small server stands in place of a host.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, test } from "node:test";

import { CheckFailed, Console, ConsoleError, Space } from "./portdesk.ts";

const TOKEN = "token-of-the-private-listener";
const AUTHORIZATION = `Bearer ${TOKEN}`;

type Answer = [status: number, body?: unknown, headers?: Record<string, string>];

let requests: [method: string, path: string, body?: unknown][] = [];
let answers: Record<string, Answer> = {};
let url = "";

function answer(method: string, path: string, body: any): Answer {
  const set = answers[`${method} ${path}`];
  if (set) return set;
  if (path === "/v1/spaces") {
    return [201, { name: body.name, keys: Object.fromEntries(body.clients.map((label: string) => [label, `key-of-${label}`])) }];
  }
  if (path === "/v1/check") return [200, { held: true }];
  return method === "DELETE" ? [204] : [200, {}];
}

const server = createServer(async (request, response) => {
  let text = "";
  for await (const piece of request) text += piece;
  const [method, path] = [request.method ?? "", request.url ?? ""];
  const body = text === "" ? undefined : JSON.parse(text);
  requests.push(body === undefined ? [method, path] : [method, path, body]);
  let found: Answer;
  if (request.headers.authorization !== AUTHORIZATION) found = [401, { error: "no_token", message: "no token" }];
  else if (method !== "GET" && request.headers["content-type"] !== "application/json") found = [415, { error: "not_json" }];
  else found = answer(method, path, body);
  const [status, content, headers] = found;
  response.writeHead(status, headers);
  response.end(content === undefined ? undefined : JSON.stringify(content));
});

before(async () => {
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  requests = [];
  answers = {};
});

const host = (): Console => new Console({ url, token: TOKEN, apiUrl: "http://127.0.0.1:1/" });
const space = (): Space => new Space(host(), "a", { agent: "key-of-agent", other: "key-of-other" });

test("a space has its keys and the URL of the API", async () => {
  const made = await host().space({ name: "a", clients: ["agent", "other"] });
  assert.deepEqual([made.name, made.url, made.key], ["a", "http://127.0.0.1:1", "key-of-agent"]);
  assert.deepEqual(made.keys, { agent: "key-of-agent", other: "key-of-other" });
});

test("a space is made with what was given and nothing else", async () => {
  await host().space({ name: "a" });
  const all = { name: "b", from: "base", seed: 0, clock: { mode: "frozen" as const }, clients: ["x"] };
  await host().space(all);
  assert.deepEqual(requests, [
    ["POST", "/v1/spaces", { name: "a", clients: ["test"] }],
    ["POST", "/v1/spaces", all],
  ]);
});

test("spaces without a name get different and valid names", async () => {
  const names = [(await host().space()).name, (await host().space()).name];
  assert.notEqual(names[0], names[1]);
  for (const name of names) assert.match(name, /^[a-z0-9-]{1,64}$/);
});

test("each method sends one request", async () => {
  const all: [(space: Space) => Promise<unknown>, [string, string, unknown?]][] = [
    [(s) => s.reset(), ["POST", "/v1/reset", { space: "a" }]],
    [(s) => s.reset({ keep_faults: true }), ["POST", "/v1/reset", { space: "a", keep_faults: true }]],
    [(s) => s.snapshot("base"), ["PUT", "/v1/snapshots/base", { space: "a" }]],
    [(s) => s.snapshot("a/b"), ["PUT", "/v1/snapshots/a%2Fb", { space: "a" }]],
    [(s) => s.restore("base"), ["POST", "/v1/snapshots/base/restore", { space: "a" }]],
    [(s) => s.clock({ mode: "stepping", step_ms: 5 }), ["PUT", "/v1/clock", { space: "a", mode: "stepping", step_ms: 5 }]],
    [(s) => s.advance("PT1H"), ["POST", "/v1/clock/advance", { space: "a", by: "PT1H" }]],
    [
      (s) => s.faults({ at: "answer", do: "lost", times: 1 }),
      ["PUT", "/v1/faults", { space: "a", rules: [{ at: "answer", do: "lost", times: 1 }] }],
    ],
    [(s) => s.faults(), ["PUT", "/v1/faults", { space: "a", rules: [] }]],
    [(s) => s.calls({ limit: 5, op: "read" }), ["GET", "/v1/calls?space=a&limit=5&op=read"]],
    [(s) => s.stateHash(), ["GET", "/v1/state/hash?space=a"]],
    [(s) => s.check({ calls: [], within_ms: 50 }), ["POST", "/v1/check", { space: "a", calls: [], within_ms: 50 }]],
    [(s) => s.drop(), ["DELETE", "/v1/spaces/a"]],
  ];
  for (const [act, request] of all) {
    requests = [];
    await act(space());
    assert.deepEqual(requests, [request]);
  }
});

test("a space ends with its test, also if the test fails", async () => {
  assert.equal(await host().withSpace({ name: "a" }, (made) => made.key), "key-of-test");
  const failing = host().withSpace({ name: "b" }, () => {
    throw new Error("the test fails");
  });
  await assert.rejects(failing, /the test fails/);
  const dropped = requests.filter(([method]) => method === "DELETE").map(([, path]) => path);
  assert.deepEqual(dropped, ["/v1/spaces/a", "/v1/spaces/b"]);
});

test("a check that does not hold shows the nearest call", async () => {
  const failures = [{ what: "calls[0]", nearest: { n: 3, differs: ["/status: 200, wanted 201"] } }];
  answers["POST /v1/check"] = [422, { held: false, failures }];
  await assert.rejects(space().check({ calls: [{ op: "read" }] }), (error) => {
    assert.ok(error instanceof CheckFailed);
    assert.match(error.message, /\/status: 200, wanted 201/);
    assert.deepEqual(error.failures, failures);
    return true;
  });
});

test("a check passes only if the host says that it holds", async () => {
  for (const body of [{}, { held: false }, "held", undefined]) {
    answers["POST /v1/check"] = [200, body];
    await assert.rejects(space().check({}), ConsoleError);
  }
});

test("a claim that the host cannot read is not a failed check", async () => {
  answers["POST /v1/check"] = [422, { error: "invalid", message: "`calls[0].opp` is not a member" }];
  await assert.rejects(space().check({}), { name: "ConsoleError", message: /opp/ });
});

test("a refusal says what was asked and why it was refused", async () => {
  answers["PUT /v1/faults"] = [422, { error: "invalid", message: "`do.lost` does not belong to the station `door`" }];
  await assert.rejects(space().faults(), { status: 422, message: /PUT \/v1\/faults: 422 `do\.lost` does not belong/ });
});

test("a wrong token is refused and is in no error", async () => {
  const wrong = new Console({ url, token: "a-wrong-token" });
  await assert.rejects(wrong.space(), (error) => error instanceof ConsoleError && error.status === 401 && !String(error.stack).includes("a-wrong-token"));
  assert.ok(!JSON.stringify(wrong).includes("a-wrong-token"));
});

test("a host that is not there is named", async () => {
  const closed = createServer();
  await new Promise<void>((listening) => closed.listen(0, "127.0.0.1", listening));
  const address = `127.0.0.1:${(closed.address() as AddressInfo).port}`;
  await new Promise((ended) => closed.close(ended));
  const gone = new Console({ url: address, token: TOKEN });
  const message = new RegExp(`POST http://${address}/v1/spaces: no answer \\(.*ECONNREFUSED`);
  await assert.rejects(gone.space(), { status: 0, message });
});

test("the token does not follow a redirect", async () => {
  answers["POST /v1/reset"] = [302, undefined, { location: `${url}/elsewhere` }];
  await assert.rejects(space().reset(), { status: 302 });
  assert.deepEqual(requests.map(([, path]) => path), ["/v1/reset"]);
});

test("a space that is gone can be dropped, and other failures show", async () => {
  answers["DELETE /v1/spaces/a"] = [404, { error: "no_space" }];
  await space().drop();
  answers["DELETE /v1/spaces/a"] = [500];
  await assert.rejects(space().drop(), ConsoleError);
});

test("the environment names the host, and a missing variable is named", () => {
  const all = { PORTDESK_CONSOLE: "127.0.0.1:8081", PORTDESK_CONSOLE_TOKEN: TOKEN, PORTDESK_URL: "http://127.0.0.1:8080" };
  const found = Console.fromEnvironment(all);
  assert.deepEqual([found.url, found.apiUrl], ["http://127.0.0.1:8081", "http://127.0.0.1:8080"]);
  for (const name of ["PORTDESK_CONSOLE", "PORTDESK_CONSOLE_TOKEN"]) {
    assert.throws(() => Console.fromEnvironment({ ...all, [name]: "" }), new RegExp(`set ${name}:`));
  }
});
