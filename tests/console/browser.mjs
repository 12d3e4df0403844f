// What the scripts share: Chromium, the page over the host of the test, and requests of a client. The test sets the variables.

import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'

const { PORTDESK_BROWSER_PACKAGES: packages, PORTDESK_CHROMIUM: executablePath, PORTDESK_TEST_KEY: key } = process.env
export const { PORTDESK_TEST_URL: api, PORTDESK_TEST_CONSOLE: console_, PORTDESK_TEST_TOKEN: token } = process.env
const require = createRequire(`${packages}/`)
const { chromium } = require('playwright-core')

// Navigations take long on a machine with much else to do.
const PATIENCE_MS = 90_000

// Root must do without the sandbox of Chromium, and it shows nothing but the pages of these tests.
export const launch = (...args) => chromium.launch({ executablePath, args: ['--no-sandbox', ...args], timeout: PATIENCE_MS })

// A page that reports everything that goes wrong in it. `failures` must stay empty.
export async function tab(browser, failures, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce', ...options })
  context.setDefaultTimeout(PATIENCE_MS)
  return watched(await context.newPage(), failures)
}

export function watched(page, failures) {
  page.on('pageerror', (error) => failures.push(`error: ${error.message}`))
  page.on('dialog', (dialog) => { failures.push(`dialog: ${dialog.message()}`); dialog.dismiss() })
  page.on('console', (message) => {
    // A refusal that the page shows is not a defect of the page.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) failures.push(`console: ${message.text()}`)
  })
  return page
}

// Opens the page with the token, and waits until it follows the host.
export async function show(page, fragment = '') {
  await page.goto(`${console_}/#k=${token}${fragment}`)
  await page.locator('#live.live').waitFor()
  await page.locator('.gauge').first().waitFor()
}

export async function ask(method, path, body, headers = {}) {
  const answer = await fetch(api + path, { method, headers: { 'x-api-key': key, 'content-type': 'application/json', ...headers }, body: body && JSON.stringify(body) })
  return { status: answer.status, body: await answer.json().catch(() => null) }
}

export const create = async (text, caller = 'ada') => (await ask('POST', '/tickets', { caller_id: caller, issue_description: text })).body

// The same by an agent over MCP.
export async function createAsAgent(text) {
  const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'create_ticket', arguments: { caller_id: 'ada', issue_description: text } } }
  const { status, body } = await ask('POST', '/mcp', call, { accept: 'application/json, text/event-stream' })
  assert(status === 200 && !body.result?.isError, `the agent made no ticket: ${JSON.stringify(body)}`)
}

// A request to the console, as a program sends it.
export async function control(method, path, body) {
  const answer = await fetch(`${console_}/v1/${path}`, { method, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: body && JSON.stringify(body) })
  assert(answer.ok, `${method} ${path}: ${answer.status}`)
  return answer.json()
}

export const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

export function assert(holds, text) {
  if (!holds) throw new Error(text)
}

// Runs a script to its end, also if it fails.
export async function main(script) {
  const failures = []
  const browsers = []
  const open = async (...args) => { const browser = await launch(...args); browsers.push(browser); return browser }
  try {
    await script(open, failures)
    assert(!failures.length, failures.join('\n'))
  } catch (error) {
    process.exitCode = 1
    console.error(error.stack)
    if (failures.length) console.error(failures.join('\n'))
  } finally {
    for (const browser of browsers) await browser.close()
  }
}
