// axe-core finds nothing, in every view, light and dark, wide and narrow. With a folder as argument, it also writes pictures there.

import { assert, ask, axe, control, create, main, show, tab } from './browser.mjs'

const VIEWS = { items: '&view=items', requests: '', request: '&view=inspect&tab=call', item: '&view=inspect&tab=item', controls: '&view=inspect&tab=controls' }

main(async (open, failures) => {
  const browser = await open()
  const empty = await tab(browser, failures)
  await show(empty)
  await empty.getByText('There are no tickets yet').waitFor()
  let checked = 0
  const check = async (page, name) => {
    await page.evaluate(axe)
    const { violations, passes } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }))
    for (const { id, nodes } of violations) failures.push(`${name}: ${id}: ${nodes.slice(0, 3).map((node) => `${node.target} ${node.failureSummary}`).join('; ')}`)
    assert(passes.length > 5, `${name}: axe looked at nothing`)
    checked++
  }
  await check(empty, 'empty')
  await empty.keyboard.press('?')
  await check(empty, 'help')
  await empty.context().close()

  const tickets = []
  for (const text of ['The printer on floor 3 prints blank pages', 'A long text. '.repeat(60), 'VPN']) tickets.push((await create(text)).ticket_id)
  await ask('PATCH', `/tickets/${tickets[0]}`, { status: 'in_progress', comment: 'Toner is on its way.' })
  await control('POST', 'faults', { rule: { at: 'store', verb: 'update', do: { unknown: { stored: true } }, times: 1 } })
  await control('PUT', 'snapshots/monday', {})
  await ask('PATCH', `/tickets/${tickets[0]}`, { status: 'resolved' })
  await ask('GET', '/tickets/7c1f6d3e-58a4-4b0e-9d3c-2f1b8a6e4c05')
  const { calls } = await control('GET', 'calls?status=5xx')
  assert(calls.length === 1, 'a request failed')
  const page = await tab(browser, failures)
  for (const [width, height] of [[1440, 900], [1024, 768], [420, 800]]) {
    await page.setViewportSize({ width, height })
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      for (const [view, fragment] of Object.entries(VIEWS)) {
        await page.goto('about:blank')
        await show(page, `${fragment}&call=${calls[0].n}&item=${tickets[0]}`)
        await page.locator('.item').first().waitFor({ state: 'attached' })
        await page.locator('#sheet h2').first().waitFor({ state: 'attached' })
        if (view === 'controls') {
          await page.locator('#compare-monday').click()
          await page.locator('#difference li').first().waitFor()
        }
        await check(page, `${view} ${colorScheme} ${width}`)
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
        assert(!wide, `${view} ${width}: the page is wider than the screen`)
      }
    }
  }
  console.log(`axe-core found ${failures.length} in ${checked} views`)
})
