// Over a table that other hosts may share, the page says what cannot be done, and shows what the requests of this host touched.

import { assert, create, main, show, tab } from './browser.mjs'

main(async (open, failures) => {
  const page = await tab(await open(), failures)
  await show(page)
  await create('In a table')
  await page.locator('.item', { hasText: 'In a table' }).waitFor()
  assert((await page.locator('#more-items').innerText()).includes('Other hosts may share'), 'the list says that it has a part only')
  assert(!(await page.locator('#reset').isVisible()), 'there is no reset')
  await page.locator('#t-controls').click()
  await page.locator('#p-state', { hasText: 'DynamoDB table' }).waitFor()
  await page.locator('#b-reset').click()
  await page.locator('.toast.bad', { hasText: 'DynamoDB table' }).waitFor()
  // The rest works.
  await page.locator('#by-PT1H').click()
  await page.locator('.toast', { hasText: '1 hour later' }).waitFor()
})
