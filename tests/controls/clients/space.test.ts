// A test of another project, which has a space of its own on a real host.

import assert from "node:assert/strict";
import { test } from "node:test";

const { Console, CheckFailed } = await import(process.env.PORTDESK_CLIENT!);

test("a lost answer is repeated, and there is one ticket", () =>
  Console.fromEnvironment().withSpace({ seed: 42, clients: ["agent"] }, async (space: any) => {
    const create = () =>
      fetch(`${space.url}/tickets`, {
        method: "POST",
        headers: { "x-api-key": space.key, "content-type": "application/json", "idempotency-key": "one" },
        body: JSON.stringify({ caller_id: "ada", issue_description: "The VPN drops." }),
      });
    await space.faults({ at: "answer", operation: "create_ticket", do: "lost", times: 1 });
    await assert.rejects(create());
    assert.equal((await create()).status, 201);
    await space.check({
      calls: [{ op: "create_ticket", key: "agent", count: { min: 2, max: 2 } }],
      items: [{ where: { "/caller_id": "ada" }, count: { min: 1, max: 1 } }],
    });
    await assert.rejects(space.check({ calls: [{ op: "update_ticket_status" }] }), CheckFailed);
    const before = await space.stateHash();
    await space.reset();
    assert.notDeepEqual(await space.stateHash(), before);
  }));
