// Markup in every field is text, and the policy of the page never has anything to report.

import { assert, ask, control, create, main, show, tab } from './browser.mjs'

const EVIL = '<img src=x onerror="alert(1)"><script>alert(2)</script>"\'`${alert(3)}</title><svg onload=alert(4)>'

main(async (open, failures) => {
  const page = await tab(await open(), failures)
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`))
  })
  await show(page)
  const { ticket_id: id } = await create(EVIL, EVIL.slice(0, 60))
  await ask('POST', `/tickets/${id}/comments`, { comment: EVIL, author: EVIL.slice(0, 60) })
  await ask('GET', `/tickets/${encodeURIComponent(EVIL)}?${encodeURIComponent(EVIL)}=1`, undefined, { 'user-agent': EVIL, 'if-match': '"<b>"' })
  await ask('POST', '/tickets', { caller_id: 'ada', [EVIL]: EVIL })
  await control('POST', 'faults', { rule: { at: 'door', client: EVIL, operation: EVIL, do: { status: 503, body: EVIL } } })
  await page.locator('.item', { hasText: '<img src=x' }).click()
  await page.locator('.sheet h2', { hasText: '<img src=x' }).waitFor()
  assert((await page.locator('.entry').innerText()).includes('<svg onload'), 'a comment is shown as it is')
  await page.locator('#as-json').click()
  for (const row of await page.locator('tr.call').all()) {
    await row.click()
    await page.locator('#sheet .code').first().waitFor()
  }
  await page.locator('#t-controls').click()
  await page.locator('.rule', { hasText: '<img' }).waitFor()
  const made = await page.evaluate(() => document.querySelectorAll('img, script:not([src="/main.js"]), svg[onload], body b img').length)
  assert(made === 0, 'markup became nodes')
  // The policy holds although the page itself would not notice.
  const refused = await page.evaluate(() => {
    try { document.getElementById('notes').innerHTML = '<b>x</b>' } catch (error) { return error.name }
    return 'nothing'
  })
  assert(refused === 'TypeError', `Trusted Types refuse markup: ${refused}`)
  failures.splice(0, failures.length, ...failures.filter((text) => !/TrustedHTML|trusted-types|require-trusted/i.test(text)))
})
