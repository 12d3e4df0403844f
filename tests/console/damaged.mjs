// A snapshot that cannot be read is named, and can only be removed.

import { assert, control, main, show, tab } from './browser.mjs'

main(async (open, failures) => {
  const page = await tab(await open(), failures)
  assert((await control('GET', 'snapshots')).damaged.join() === 'broken', 'the host finds it')
  await show(page, '&tab=controls')
  const row = page.locator('#snapshots li', { hasText: 'broken' })
  await row.filter({ hasText: 'damaged' }).waitFor()
  assert((await row.locator('button').count()) === 1, 'nothing but its removal is offered')
  await page.locator('#drop-broken').click()
  await page.locator('.toast', { hasText: 'The snapshot broken goes in 6 seconds' }).waitFor()
  await row.waitFor({ state: 'detached' })
  assert(!(await control('GET', 'snapshots')).damaged, 'it is removed')
})
