// Writes a picture of each view of the console into docs/pictures, or into the folder that the first argument names:
//
//     cargo build --package portdesk && node tests/console/pictures.mjs
//
// It starts `portdesk demo` and waits until something has happened there. PORTDESK_PROGRAM names another program, PORTDESK_CHROMIUM
// another browser. If pngquant is installed, the pictures become about a third as large.

import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const FAULTS = [
  { at: 'door', operation: 'create_ticket', probability: 0.2, do: { status: 503 } },
  { at: 'store', verb: 'update', client: 'triage-bot', times: 1, do: { unknown: { stored: true } } },
]
const tree = fileURLToPath(new URL('../..', import.meta.url))
const folder = process.argv[2] ?? `${tree}/docs/pictures`
process.env.PORTDESK_BROWSER_PACKAGES ??= `${tree}/.tools/browser/node_modules`
process.env.PORTDESK_CHROMIUM ??= '/usr/bin/chromium'
const program = process.env.PORTDESK_PROGRAM ?? `${process.env.CARGO_TARGET_DIR ?? `${tree}/target`}/debug/portdesk`

const host = spawn(program, ['demo', '--listen', '127.0.0.1:0', '--console', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'] })
let banner = ''
const [, url, token] = await new Promise((resolve, reject) => {
  host.on('exit', () => reject(new Error(`${program} ended: ${banner}`)))
  host.stdout.on('data', (part) => {
    banner += part
    const found = /console +(\S+)\/#k=(\S+)/.exec(banner)
    if (found && banner.endsWith('Stop with Ctrl-C.\n')) resolve(found)
  })
})
Object.assign(process.env, { PORTDESK_TEST_CONSOLE: url, PORTDESK_TEST_TOKEN: token })
const { control, main, show, tab } = await import('./browser.mjs')

await main(async (open, failures) => {
  const browser = await open()
  // The round of the demo in which the store does not say whether a change is made.
  let failed
  while (!(failed = (await control('GET', 'calls?status=5xx')).calls[0])) await new Promise((resolve) => setTimeout(resolve, 500))
  await new Promise((resolve) => setTimeout(resolve, 6000))
  await control('PUT', 'clock', { mode: 'running' })
  await control('PUT', 'snapshots/monday', {})
  const [item] = failed.items
  const views = {
    request: ['&view=inspect', 1440, 900], item: ['&view=inspect&tab=item', 1440, 900], controls: ['&view=inspect&tab=controls', 1440, 900],
    narrow: ['', 420, 800],
  }
  mkdirSync(folder, { recursive: true })
  for (const [view, [fragment, width, height]] of Object.entries(views)) {
    for (const colorScheme of view === 'narrow' ? ['light'] : ['light', 'dark']) {
      const page = await tab(browser, failures, { viewport: { width, height }, colorScheme })
      await show(page, `${fragment}&call=${failed.n}&item=${item}`)
      await page.locator('.item').first().waitFor({ state: 'attached' })
      await page.locator('#sheet h2').first().waitFor({ state: 'attached' })
      // The demo changes the faults from time to time.
      if (view === 'controls') await control('PUT', 'faults', { rules: FAULTS })
      await page.waitForTimeout(1000)
      const file = `${folder}/console-${view}-${colorScheme}.png`
      await page.screenshot({ path: file })
      spawnSync('pngquant', ['--force', '--skip-if-larger', '--quality', '70-95', '--output', file, file])
      console.log(file)
      await page.context().close()
    }
  }
})
host.kill()
