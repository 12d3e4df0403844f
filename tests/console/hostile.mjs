// Pages on another port of this machine, and a page whose name resolves to this machine, change nothing and read nothing.

import http from 'node:http'
import { assert, console_, control, create, main, tab, token } from './browser.mjs'

main(async (open, failures) => {
  await create('It must stay')
  const target = new URL(console_), rebound = `http://rebound.test:${target.port}`
  const browser = await open(`--host-resolver-rules=MAP rebound.test 127.0.0.1`)
  const server = http.createServer((_, answer) => answer.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>hostile</title><body></body>'))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${server.address().port}`
  const ended = () => page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 0)))
  const page = await tab(browser, [])
  await page.goto(origin)

  // What each attempt reads, as text. `opaque` and `blocked` read nothing.
  const read = await page.evaluate(async ({ console_, token }) => {
    const attempts = {
      get: () => fetch(`${console_}/v1/items`),
      opaque: () => fetch(`${console_}/v1/items`, { mode: 'no-cors' }),
      guessed: () => fetch(`${console_}/v1/items`, { headers: { authorization: `Bearer ${token}` } }),
      credentials: () => fetch(`${console_}/v1/items`, { credentials: 'include' }),
      post: () => fetch(`${console_}/v1/reset`, { method: 'POST', mode: 'no-cors', body: '{}' }),
      json: () => fetch(`${console_}/v1/reset`, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` }, body: '{}' }),
      page: () => fetch(`${console_}/main.js`),
      escaped: () => fetch(`${console_}/%76%31/reset`, { method: 'POST', mode: 'no-cors', body: '{}' }),
    }
    const read = {}
    for (const [name, attempt] of Object.entries(attempts)) read[name] = await attempt().then((answer) => answer.text(), () => 'blocked')
    read.stream = await new Promise((resolve) => {
      const source = new EventSource(`${console_}/v1/events`)
      source.onmessage = () => resolve('read')
      source.onerror = () => { source.close(); resolve('blocked') }
    })
    read.script = await new Promise((resolve) => {
      const script = document.createElement('script')
      Object.assign(script, { src: `${console_}/main.js`, type: 'module', onload: () => resolve('read'), onerror: () => resolve('blocked') })
      document.head.append(script)
    })
    // A form can send a body without asking. It must change nothing.
    const frame = document.createElement('iframe')
    frame.name = 'form'
    document.body.append(frame)
    for (const enctype of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const form = document.createElement('form')
      Object.assign(form, { method: 'POST', action: `${console_}/v1/reset`, target: 'form', enctype })
      document.body.append(form)
      const loaded = new Promise((resolve) => { frame.onload = resolve })
      form.submit()
      await loaded
    }
    const shown = document.createElement('iframe')
    const loaded = new Promise((resolve) => { shown.onload = resolve })
    shown.src = console_
    document.body.append(shown)
    await loaded
    try { read.frame = shown.contentDocument ? 'read' : 'blocked' } catch { read.frame = 'blocked' }
    return read
  }, { console_, token })
  for (const [name, text] of Object.entries(read)) assert(text === 'blocked' || text === '', `${name} read: ${text}`)
  const framed = page.frames().filter((frame) => frame.url().startsWith(console_))
  for (const frame of framed) assert(!(await frame.locator('#items').count()), 'the page is in a frame')
  await ended()

  // The name of the page resolves to this machine, so the browser counts the console as its own.
  const answer = await page.goto(rebound)
  assert(answer.status() === 421, `a rebound name is answered ${answer.status()}`)
  const rebinding = await page.evaluate(async (token) => {
    const ask = (path, options) => fetch(path, options).then((answer) => answer.status, () => 0)
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    return [await ask('/v1/items'), await ask('/v1/items', { headers }), await ask('/v1/reset', { method: 'POST', headers, body: '{}' }), await ask('/main.js')]
  }, token)
  assert(rebinding.every((status) => status === 421), `a rebound page reads: ${rebinding}`)
  server.closeAllConnections()
  server.close()

  const { items } = await control('GET', 'items')
  assert(items.length === 1, 'the state is as it was')
  const { marks } = await control('GET', 'calls')
  assert(marks.length === 0, 'nothing was changed')
})
