// What the page says of the state, of quotas, faults and spaces, and what it changes there.

import { assert, ask, control, create, main, show, tab } from './browser.mjs'

main(async (open, failures) => {
  const page = await tab(await open(), failures, { permissions: ['clipboard-read', 'clipboard-write'] })
  const { ticket_id: id } = await create('The VPN drops')
  await create('The mouse is gone')
  await control('PUT', 'snapshots/monday', {})
  await show(page, '&tab=controls')
  const text = (selector, text) => page.locator(selector, { hasText: text }).first().waitFor()

  // The quota of the key that was used, which looking at it does not use.
  await text('.gauge', /Quota of environment/)
  const { quotas: [{ left }] } = await control('GET', 'quotas')
  assert(left === 9998, `${left} requests are left`)
  await text('.gauge dd', '9,998of 10,000 a month')
  await ask('GET', '/tickets?caller=ada')
  await text('.gauge dd', '9,997of 10,000 a month')

  // The hash of the state follows the writes, and the difference says what they were.
  const hash = async () => (await control('GET', 'state/hash')).hash
  const before = await hash()
  await text('#p-hash', `2 items, state ${before.slice(0, 16)}`)
  await create('A new one')
  await ask('PATCH', `/tickets/${id}`, { status: 'in_progress', comment: 'I look into it.' })
  await text('#p-hash', `3 items, state ${(await hash()).slice(0, 16)}`)
  await page.locator('#b-hash').click()
  await text('.toast', 'is copied')
  assert((await page.evaluate(() => navigator.clipboard.readText())) === await hash(), 'the hash is copied')
  await page.locator('#compare-monday').click()
  await text('#difference h3', /Since monday: 1 added, 0 removed, \d changed/)
  await text('#difference li', /^\+A new one/)
  await text('#difference li', 'status: open → in_progress')
  await text('#difference li', 'comments 0: none → ')
  await page.locator('#difference .op', { hasText: 'A new one' }).click()
  await text('.sheet h2', 'A new one')
  await page.locator('#t-controls').click()

  // A restore keeps what was before, and the figures say since when they count.
  await page.locator('#restore-monday').click()
  await page.locator('.item', { hasText: 'A new one' }).waitFor({ state: 'detached' })
  await text('.gauge dt', /^Requests since the restore, \d\d:\d\d:\d\d$/)
  await page.locator('.toast', { hasText: 'monday are back' }).getByRole('button', { name: 'Undo' }).click()
  await text('.item', 'A new one')

  // Faults: a preset in one step, counters that move, ids that are not used again.
  await page.locator('#preset-slow').click()
  await page.locator('.rule').nth(1).waitFor()
  await page.locator('.toast', { hasText: 'those of slow' }).getByRole('button', { name: 'Undo' }).click()
  await text('#rules', 'No faults')
  await page.locator('#fault-do').selectOption({ label: 'is answered with 503' })
  await page.locator('#fault-op').selectOption('list_recent_tickets')
  await page.locator('#b-fault').click()
  await text('#hits-fault-1', '0 of 0')
  await ask('GET', '/tickets?caller=ada')
  await text('#hits-fault-1', '1 of 1')
  await page.locator('#gone-fault-1').click()
  await text('#rules', 'No faults')
  await page.locator('#b-fault').click()
  await page.locator('#rule-fault-2').waitFor()
  await control('PUT', 'faults', { rules: [{ at: 'store', verb: 'insert', do: { unknown: { stored: true } } }] })
  await create('Perhaps')
  // The list above failed with 503 too, so the row is chosen by its operation.
  await page.locator('tr.call', { has: page.locator('.op', { hasText: 'create_ticket' }) }).filter({ has: page.locator('.c-status', { hasText: '503' }) }).first().click()
  await text('.note', 'No Idempotency-Key was sent.')
  await control('PUT', 'faults', { rules: [] })

  // A filter says how many requests match.
  await page.locator('#find-calls').fill('op:create_ticket')
  await text('#n-calls', /^4 match$/)
  await page.locator('#find-calls').fill('')
  await page.waitForFunction(() => document.getElementById('n-calls').textContent === '')

  // A space: its key is shown once, it is a world of its own, and it can be kept when it is to be dropped.
  await page.locator('#t-controls').click()
  await page.locator('#space-name').fill('blue')
  await page.locator('#space-seed').fill('7')
  await page.locator('#b-space').click()
  await text('dialog[open]', 'The space blue is made')
  const key = await page.locator('dialog .code').innerText()
  await page.locator('dialog .btn', { hasText: 'Close' }).click()
  await page.locator('#space').selectOption('blue')
  await page.getByText('There are no tickets yet').waitFor()
  await text('#seed', 'Seed 7')
  assert((await ask('POST', '/tickets', { caller_id: 'ada', issue_description: 'In blue' }, { 'x-api-key': key.trim() })).status === 201, 'the key is good')
  await text('.item', 'In blue')
  await page.locator('#b-drop').click()
  await page.locator('.toast', { hasText: 'goes in 6 seconds' }).getByRole('button', { name: 'Keep' }).click()
  await page.locator('#b-drop').click()
  await page.locator('#space option', { hasText: 'blue' }).waitFor({ state: 'detached' })
  await text('.item', 'A new one')
  assert((await control('GET', 'spaces')).spaces.length === 1, 'the space is gone')
})
