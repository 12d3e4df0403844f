// `portdesk demo` shows a desk in which something happens, by several ways, and in which some requests fail.

import { assert, control, main, show, tab } from './browser.mjs'

main(async (open, failures) => {
  const page = await tab(await open(), failures)
  await show(page)
  await page.waitForFunction(() => document.querySelectorAll('.item').length >= 13)
  const before = (await control('GET', 'calls?limit=500')).calls.length
  await page.locator('tr.call .via-mcp').first().waitFor({ state: 'attached' })
  await page.locator('.c-status', { hasText: '400' }).first().waitFor()
  // Only the status counts: a time and an id have digits too.
  await page.locator('tr.call', { has: page.locator('.c-status', { hasText: '503' }) }).first().click()
  await page.locator('.note', { hasText: 'Injected' }).waitFor()
  const { calls } = await control('GET', 'calls?limit=500')
  assert(calls.length > before, 'nothing happens any more')
})
