// The page over another component: it shows pens with their fields, states and loans as it shows tickets, and nothing of it speaks of
// tickets. The contract of the pens has no hint.

import { assert, ask, main, show, tab } from './browser.mjs'

const add = (key, label, colour, day) => ask('PUT', `/pens/${key}?label=${label}&colour=${colour}&maker=acme&bought_at=2026-03-0${day}T09:00:00Z`)

main(async (open, failures) => {
  const page = await tab(await open(), failures)
  await show(page)
  const texts = []
  const keep = async () => texts.push(await page.locator('body').innerText())
  await page.getByText('There are no pens yet').waitFor()
  await keep()
  assert((await add('p1', 'Board+room', 'blue', 1)).status === 201 && (await add('p2', 'Spare', 'green', 2)).status === 201, 'pens are added')
  await page.locator('.item').nth(1).waitFor()
  assert((await ask('POST', '/pens/p1/loans/grace')).status === 200, 'a pen is lent')
  await ask('GET', '/pens/p9')

  // The newest first, named by their labels, with their states.
  const titles = await page.locator('.item .title').allInnerTexts()
  assert(titles.join() === 'Spare,Board room', `the pens are ${titles}`)
  await page.locator('.facet', { hasText: /^red/ }).click()
  await page.waitForFunction(() => document.querySelectorAll('.item').length === 1)
  await page.locator('.item').click()
  await page.locator('.sheet h2', { hasText: 'Board room' }).waitFor()
  await page.locator('.sheet .badge', { hasText: 'red' }).waitFor()
  const sheet = await page.locator('#sheet').innerText()
  for (const part of ['Loans', 'grace', 'Loan 1', '1 Mar 2026', 'acme', 'add_pen', 'lend_pen']) assert(sheet.includes(part), `${part} is not in: ${sheet}`)
  await keep()

  await page.locator('tr.call', { hasText: 'get_pen' }).first().click()
  await page.locator('.note', { hasText: 'There is no such pen.' }).waitFor()
  await keep()
  await page.locator('#t-controls').click()
  await page.locator('#fault-op option', { hasText: 'lend_pen' }).waitFor({ state: 'attached' })
  await keep()
  const found = texts.join('\n').match(/.*(ticket|caller|comment).*/i)
  assert(!found, `the page speaks of tickets: ${found}`)
})
