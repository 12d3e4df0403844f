// Everything works by the keyboard alone.

import { assert, ask, control, create, main, show, tab } from './browser.mjs'

main(async (open, failures) => {
  const page = await tab(await open(), failures, { permissions: ['clipboard-read', 'clipboard-write'] })
  for (const text of ['One', 'Two', 'Three']) await create(text)
  await ask('GET', '/tickets/7c1f6d3e-58a4-4b0e-9d3c-2f1b8a6e4c05')
  await show(page)
  await page.locator('.item').nth(2).waitFor()
  const press = async (...keys) => { for (const key of keys) await page.keyboard.press(key) }
  const focused = (selector) => page.waitForFunction((selector) => document.activeElement?.matches(selector), selector)
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText())

  await press('?')
  await page.locator('dialog[open]', { hasText: 'copy as curl' }).waitFor()
  await press('Escape')
  await page.locator('dialog[open]').waitFor({ state: 'hidden' })

  // Requests: move, open, copy, send again.
  await press('g', 'r', 'j')
  await page.locator('tr.chosen').waitFor()
  await press('j', 'k', 'Enter')
  await focused('#sheet')
  await press('y')
  await page.locator('.toast', { hasText: 'copied' }).waitFor()
  assert((await clipboard()).startsWith('curl '), 'a request is copied as curl')
  await press('s')
  await page.locator('.toast', { hasText: 'Sent again' }).waitFor()
  await page.locator('tr.call .via-console').first().waitFor({ state: 'attached' })
  await press('Escape')
  await focused('.op')
  await press('ArrowDown', 'ArrowDown')
  await focused('tr.chosen .op')
  await press('p')
  await page.locator('#pause[aria-pressed="true"]').waitFor()
  await press('p', '/')
  await focused('#find-calls')
  await page.keyboard.type('status:404')
  await page.waitForFunction(() => [...document.querySelectorAll('tr.call')].every((row) => row.textContent.includes('404')))
  await press('Escape')

  // Items.
  await press('f')
  await focused('#find-items')
  await page.keyboard.type('three')
  await page.waitForFunction(() => document.querySelectorAll('.item').length === 1)
  await press('Escape', 'g', 'i', 'j', 'Enter')
  await page.locator('.sheet h2', { hasText: 'Three' }).waitFor()

  // Tabs of the inspector, by arrows.
  await page.locator('#t-item').focus()
  await press('ArrowRight')
  await focused('#t-controls')

  // Every control, by Tab and Enter. The order of the Tab key reaches each of them.
  await page.locator('#p-clock').waitFor()
  const wanted = ['b-scenario', 'b-reset', 'snap-name', 'b-snap', 'b-hash', 'by-PT1H', 'frozen', 'preset-slow', 'fault-op', 'fault-do', 'b-fault', 'space-name', 'b-space', 'reset', 'help', 'space', 'clock', 'seed', 'pause', 'har', 'find-calls', 'find-items']
  const reached = new Set()
  for (let n = 0; n < 250 && !wanted.every((id) => reached.has(id)); n++) {
    await press('Tab')
    reached.add(await page.evaluate(() => document.activeElement.id))
  }
  assert(wanted.every((id) => reached.has(id)), `not in the order of the Tab key: ${wanted.filter((id) => !reached.has(id))}`)
  const use = async (id, key = 'Enter') => { await page.locator(`#${id}`).focus(); await press(key) }
  await page.locator('#snap-name').focus()
  await page.keyboard.type('by-keys')
  await use('b-snap')
  await page.locator('#restore-by-keys').waitFor()
  await use('frozen')
  await page.locator('#p-mode', { hasText: 'stands still' }).waitFor()
  const at = (await control('GET', 'clock')).at
  await use('by-PT1H')
  await page.locator('.toast', { hasText: '1 hour later' }).waitFor()
  assert(Date.parse((await control('GET', 'clock')).at) - Date.parse(at) === 3_600_000, 'the clock is an hour later')
  await use('b-fault')
  await page.locator('.rule').waitFor()
  await page.locator('#faults', { hasText: '1 fault' }).waitFor()
  await page.locator('.rule .switch').focus()
  await press('Space')
  await page.locator('#faults').waitFor({ state: 'hidden' })
  assert((await control('GET', 'faults')).rules[0].enabled === false, 'a fault is switched off')
  await page.locator('.rule .icon').focus()
  await press('Enter')
  await page.locator('.rule').waitFor({ state: 'detached' })

  await page.locator('#find-items').fill('')
  await page.locator('#find-calls').fill('')

  // A reset needs no confirmation, because it can be undone.
  await use('b-reset')
  await page.locator('.item').first().waitFor({ state: 'detached' })
  assert((await control('GET', 'items')).total === 0, 'the space is empty')
  const undo = page.locator('.toast', { hasText: 'is empty' }).getByRole('button', { name: 'Undo' })
  await undo.focus()
  await press('Enter')
  await page.locator('.item').nth(2).waitFor({ state: 'attached' })
  assert((await control('GET', 'items')).total === 3, 'the items are there again')
  await page.locator('tr.mark b', { hasText: /^Reset$/ }).waitFor()
  await page.locator('tr.mark b', { hasText: /^Restored$/ }).waitFor()

  // Scenarios come from a file, and say which step fails.
  const load = (steps) => page.locator('#scenario').setInputFiles({ name: 'monday.yaml', mimeType: 'text/yaml', buffer: Buffer.from(`name: monday\nsteps:\n${steps}`) })
  await load('  - {op: create_ticket, body: {caller_id: ada, issue_description: From a file}}\n')
  await page.locator('.item', { hasText: 'From a file' }).waitFor()
  await page.locator('tr.call .via-seed').first().waitFor({ state: 'attached' })
  await page.locator('.toast', { hasText: 'monday.yaml ran' }).getByRole('button', { name: 'Undo' }).click()
  await page.locator('.item', { hasText: 'From a file' }).waitFor({ state: 'detached' })
  await load('  - {title: too short, op: create_ticket, body: {caller_id: ada}}\n')
  await page.locator('.toast.bad', { hasText: 'Step 1 failed (too short)' }).waitFor()

  // A removed snapshot can be kept.
  await page.locator('#drop-by-keys').click()
  await page.locator('.toast', { hasText: 'goes in 6 seconds' }).getByRole('button', { name: 'Keep' }).click()
  const [archive] = await Promise.all([page.waitForEvent('download'), page.locator('#har').click()])
  assert(archive.suggestedFilename() === 'portdesk-main.har', 'the journal is exported')
  assert((await control('GET', 'snapshots')).snapshots.some((one) => one.name === 'by-keys'), 'the snapshot is kept')

  // Larger and smaller.
  await press('Escape')
  const size = () => page.evaluate(() => parseFloat(getComputedStyle(document.body).fontSize))
  const usual = await size()
  await press('+', '+')
  assert((await size()) > usual * 1.15, 'the text is larger')
  await press('0')
  assert((await size()) === usual, 'the text has its usual size')
})
