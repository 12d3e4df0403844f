// Thousands of requests a second leave the page usable: it has few rows, answers keys, and its figures are exact.

import { Agent, request } from 'node:http'
import { api, assert, control, create, main, show, tab } from './browser.mjs'

const SECONDS = Number(process.env.PORTDESK_BURST_SECONDS ?? 3)

main(async (open, failures) => {
  const page = await tab(await open(), failures)
  const { ticket_id: id } = await create('Busy')
  await show(page)
  await page.locator('.item').waitFor()
  const agent = new Agent({ keepAlive: true, maxSockets: 32 })
  const once = () => new Promise((resolve, reject) => {
    request(`${api}/tickets/${id}`, { agent, headers: { 'x-api-key': process.env.PORTDESK_TEST_KEY } }, (answer) => answer.resume().on('end', resolve)).on('error', reject).end()
  })
  let sent = 0
  const end = Date.now() + SECONDS * 1000
  const load = Promise.all(Array.from({ length: 32 }, async () => { while (Date.now() < end) { await once(); sent++ } }))
  // While it lasts, keys move the choice, and the page has few nodes.
  const waits = []
  let rows = 0
  while (Date.now() < end - 500) {
    // In the page, because the way from this script to the browser takes long on a busy machine.
    waits.push(await page.evaluate(() => new Promise((resolve) => {
      const begun = performance.now()
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true }))
      requestAnimationFrame(() => requestAnimationFrame(() => resolve(Math.round(performance.now() - begun))))
    })))
    assert(page.url().includes('call='), 'the key chose nothing')
    rows = Math.max(rows, await page.evaluate(() => document.querySelectorAll('tbody tr, .item').length))
    await page.waitForTimeout(100)
  }
  await load
  agent.destroy()
  waits.sort((a, b) => a - b)
  console.log(`${sent} requests in ${SECONDS} s; a key showed its effect after ${waits[waits.length >> 1]} ms in the middle and ${waits.at(-1)} ms at most; ${rows} rows at most`)
  assert(rows <= 500, `${rows} rows`)
  assert(waits[waits.length >> 1] < 1000, `a key took ${waits} ms`)
  const expected = (sent + 1).toLocaleString('en')
  await page.waitForFunction((expected) => document.querySelector('#gauges dd span span').textContent === expected, expected)
  // Afterwards the list has the newest requests, none of which is open for ever.
  const { calls } = await control('GET', 'calls?limit=1')
  await page.locator(`tr[data-n="${calls[0].n}"]`).waitFor()
  await page.waitForFunction(() => ![...document.querySelectorAll('.c-status')].some((cell) => cell.textContent.includes('open')))
})
