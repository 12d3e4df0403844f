// The page over another component, which has other operations and another schema: nothing of the page speaks of tickets.

import { assert, ask, main, show, tab } from './browser.mjs'

main(async (open, failures) => {
  const page = await tab(await open(), failures)
  await show(page)
  await page.locator('#h-items').waitFor()
  for (const path of ['/echo', '/', '/trap']) await ask('GET', path).catch(() => null)
  await page.locator('tr.call', { hasText: 'observe_fault' }).first().waitFor()
  await page.locator('tr.call').first().click()
  await page.locator('#sheet .code').first().waitFor()
  const texts = [await page.locator('body').innerText()]
  for (const name of ['item', 'controls']) {
    await page.locator(`#t-${name}`).click()
    await page.locator('#sheet h2, #sheet h3').first().waitFor()
    texts.push(await page.locator('body').innerText())
  }
  const found = texts.join('\n').match(/.*(ticket|caller|comment).*/i)
  assert(!found, `the page speaks of tickets: ${found}`)
})
