// What happens appears at once, and nothing is lost: over MCP, after a reload, without a connection, in 8 tabs.

import { assert, ask, control, create, createAsAgent, main, show, tab, token, watched } from './browser.mjs'

main(async (open, failures) => {
  const browser = await open()
  const page = await tab(browser, failures)
  await show(page)
  await page.getByText('There are no tickets yet').waitFor()
  assert((await page.locator('#items ~ .more .first').innerText()).includes('/mcp'), 'the empty page has the configuration of an agent')
  assert(!page.url().includes('k='), 'the token is not in the address')

  const { looks } = await control('GET', 'shape')
  assert(!looks.left_out.length, `the contract has wrong hints: ${looks.left_out}`)

  // An agent makes a ticket. The page stamps the time at which it shows the ticket.
  await createAsAgent('The first of all')
  await page.locator('.item', { hasText: 'The first of all' }).waitFor()
  const times = []
  for (let round = 0; round < 5; round++) {
    const text = `Ticket number ${round}`
    const seen = page.evaluate((text) => new Promise((resolve) => {
      const look = () => document.getElementById('items').textContent.includes(text) && (resolve(Date.now()), true)
      const observer = new MutationObserver(() => look() && observer.disconnect())
      observer.observe(document.getElementById('items'), { childList: true, subtree: true })
      look()
    }), text)
    const begun = Date.now()
    await createAsAgent(text)
    times.push((await seen) - begun)
    // The list is not loaded again at once, so the next ticket would not be the next event.
    await page.waitForFunction((round) => document.querySelectorAll('#items > li').length >= round + 2, round)
  }
  times.sort((a, b) => a - b)
  console.log(`tickets over MCP appeared after ${times} ms`)
  assert(times[2] <= 500, `half of the tickets appear within 500 ms: ${times}`)
  assert((await page.locator('#calls .via-mcp').count()) > 0, 'the way of the request is shown')

  // The choice and the filter are there again after a reload.
  await page.locator('.call .op', { hasText: 'create_ticket' }).first().click()
  await page.locator('#find-calls').fill('op:create_ticket')
  await page.locator('.sheet h2', { hasText: 'create_ticket' }).waitFor()
  const before = await page.locator('tr.call').count()
  await page.reload()
  await page.locator('.call.chosen').waitFor()
  await page.locator('#live.live').waitFor()
  await page.locator('.sheet h2', { hasText: 'create_ticket' }).waitFor()
  assert((await page.locator('#find-calls').inputValue()) === 'op:create_ticket', 'the filter is lost')
  assert((await page.locator('tr.call').count()) === before, 'requests are lost')
  await page.locator('#find-calls').fill('')

  // Without a connection, the page waits; then it shows what happened meanwhile, once.
  await page.context().setOffline(true)
  await page.evaluate(() => window.dispatchEvent(new Event('offline')))
  for (let n = 0; n < 30; n++) await create(`While away ${n}`, 'grace')
  await page.context().setOffline(false)
  await page.locator('.item', { hasText: 'While away 29' }).waitFor()
  const rows = await page.locator('tr.call').evaluateAll((all) => all.map((one) => one.dataset.n))
  assert(new Set(rows).size === rows.length, 'a request is shown twice')
  assert(rows.length >= 36, `requests are lost: ${rows.length}`)

  // A hidden tab closes its stream and resumes.
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => true })
    document.dispatchEvent(new Event('visibilitychange'))
  })
  await page.locator('#live.hidden').waitFor()
  await create('While hidden', 'linus')
  await page.evaluate(() => {
    delete document.hidden
    document.dispatchEvent(new Event('visibilitychange'))
  })
  await page.locator('.item', { hasText: 'While hidden' }).waitFor()

  // Focus stays in its row when other rows come.
  await page.locator('tr.call .op').nth(3).click()
  const focused = () => page.evaluate(() => document.activeElement.closest('tr')?.dataset.n)
  const row = await focused()
  await create('Under the focus')
  await page.locator('.item', { hasText: 'Under the focus' }).waitFor()
  assert(row && (await focused()) === row, 'the focus left its row')
  assert((await ask('GET', '/tickets/7c1f6d3e-58a4-4b0e-9d3c-2f1b8a6e4c05')).status === 404, 'no such ticket')
  await page.locator('tr.call', { has: page.locator('.c-status', { hasText: '404' }) }).first().click()
  await page.locator('.note', { hasText: 'Refused by the component' }).waitFor()
  assert((await page.locator('.note').innerText()).includes('The answer says'), 'the reason of a failure is told')

  // Without a valid token the page says what to do, and the address of a new token helps in the same tab.
  await page.evaluate(() => { location.hash = 'k=wrong-wrong-wrong-wrong' })
  await page.locator('dialog[open]', { hasText: 'does not accept this token' }).waitFor()
  await page.evaluate((token) => { location.hash = `k=${token}` }, token)
  await page.locator('dialog[open]').waitFor({ state: 'hidden' })
  await page.locator('#live.live').waitFor()

  // A browser opens six connections to one host. Hidden tabs leave theirs to others.
  const tabs = []
  for (let n = 0; n < 8; n++) {
    const other = watched(await page.context().newPage(), failures)
    tabs.push(other)
    await other.bringToFront()
    // Without a window, all tabs count as visible; only the last is, for a person.
    for (const earlier of [page, ...tabs.slice(0, -1)]) await earlier.evaluate(() => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => true })
      document.dispatchEvent(new Event('visibilitychange'))
    })
    await show(other)
    await other.locator('.item', { hasText: 'Under the focus' }).waitFor()
  }
})
