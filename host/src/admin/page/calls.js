// The list of requests: the newest that the journal has, with marks between them.

import { get } from './api.js'
import { $, away, choose, dot, facet, fill, h, rows } from './dom.js'
import { remember, soon, state, tell } from './state.js'
import { capital, count, hours, isId, millis, ms, short, word } from './words.js'

const KEPT = 500, SHOWN = 300
const all = new Map(), found = new Map()
let filter = [], kind = 'All', paused = null, missed = 0, asked = 0

const bad = (call) => call.state !== 'open' && !(call.status < 500)
const KINDS = { All: ['', () => true], answered: ['green', (call) => call.status < 400], refused: ['amber', (call) => call.status >= 400 && call.status < 500], failed: ['red', bad], 'with a fault': ['amber', (call) => call.faults.length] }
const tone = (call) => (call.state === 'open' ? 'blue' : bad(call) ? 'red' : call.status >= 400 ? 'amber' : call.status >= 300 ? 'grey' : 'green')

export const answer = (call) => h(`span.st.tone-${tone(call)}`, dot(tone(call)), String(call.status ?? (call.state === 'open' ? 'open' : 'none')))
export const way = (via) => h(`span.tag.via-${via}`, /http|mcp/.test(via) ? via.toUpperCase() : via)
export const fault = (call) => call.faults.length > 0 && h('span.tag.fault', 'fault')
export const name = (call) => call.operation ?? `${call.method} ${call.path}`

export async function load() {
  const { calls, marks, position } = await get('calls', { space: state.space, limit: KEPT })
  all.clear()
  for (const one of [...calls, ...marks]) all.set(one.n, one)
  soon(draw)
  return position
}

// A call that began or ended, or a mark.
export function add(one) {
  all.set(one.n, one)
  if (all.size > KEPT + 100) for (const n of [...all.keys()].sort((a, b) => a - b).slice(0, 100)) all.delete(n)
  if (one.state !== 'open') missed++
  soon(draw)
}

export const touched = () => [...new Set([...all.values()].reverse().flatMap((call) => call.items ?? []))].slice(0, 50)

function target({ items: [key], path, query }) {
  key ??= path.split('/').find(isId)
  return key ? short(key) : (query ?? '').split('&')[0]
}

function make(one) {
  const time = h('td.c-time.mono', hours(one.at), h('span.fine', millis(one.at))), n = { 'data-n': one.n }
  if (one.kind) return h('tr.mark', n, time, h('td', { colspan: 5 }, h('b', capital(word(one.kind))), `: ${one.text}`))
  const to = target(one), key = one.client ?? 'no key'
  return h('tr.call', n, time,
    h('td.c-op', h('button.op', name(one)), h('span.target.mono.dim', to), h('span.sub', way(one.via), key, h('span.mono', to), fault(one))),
    h('td.c-via', way(one.via)), h('td.c-key.dim', key), h('td.c-status', answer(one), fault(one)), h('td.c-ms.num.right.dim', ms(one.duration_us)))
}

const TESTS = {
  op: (call, text) => call.operation?.includes(text),
  status: (call, text) => (text === 'open' ? call.state === text : RegExp(`^${text.replace(/\D/g, '.')}`).test(call.status)),
  key: (call, text) => call.client?.includes(text),
  via: (call, text) => call.via.startsWith(text),
  item: (call, text) => call.items.some((key) => key.startsWith(text)),
}
const words = (call) => Object.values(call).join(' ').toLowerCase()
const matches = (one) => (one.kind ? !filter.length && kind === 'All' : KINDS[kind][1](one) && filter.every(([name, text]) => (name ? TESTS[name](one, text) : words(one).includes(text))))
const list = () => paused ?? [...new Map([...found, ...all]).values()].filter(matches).sort((a, b) => b.n - a.n).slice(0, SHOWN)

function draw() {
  const shown = list(), isFiltered = filter.length || kind !== 'All'
  rows($('calls'), shown, (one) => one.n, (one) => one, make)
  choose($('calls'), state.call)
  $('n-calls').textContent = isFiltered ? `${shown.length < SHOWN ? count(shown.length) : `${SHOWN} or more`} match` : ''
  $('pause').setAttribute('aria-pressed', String(!!paused))
  $('pause').textContent = paused ? `Go on, ${count(missed)} new` : 'Pause'
  $('more-calls').textContent = shown.length < SHOWN ? all.size && !shown.length ? 'No request that the journal has matches this filter.' : '' : `The newest ${SHOWN} requests are shown. The filter also finds older requests.`
}

export const move = (by) => pick(away(list().filter((one) => !one.kind).map((one) => one.n), state.call, by), true)

// Chooses a call. A quiet choice does not turn a narrow page to the inspector.
export function pick(n, quiet) {
  state.call = n
  choose($('calls'), n, true)
  tell('open', 'call', quiet)
}

// The journal has more than the page, so the host looks too, for what its own filter can find.
async function refilter() {
  filter = $('find-calls').value.toLowerCase().split(/\s+/).filter(Boolean).map((part) => {
    const [name, ...rest] = part.split(':')
    return rest.length && TESTS[name] ? [name, rest.join(':')] : ['', part]
  })
  found.clear()
  soon(draw)
  remember()
  const mine = ++asked, { op, status = { failed: '5xx', refused: '4xx' }[kind], key, via, item } = Object.fromEntries(filter)
  if (!op && !status && !key && !via && !item) return
  const { calls } = await get('calls', { space: state.space, limit: KEPT, op, status, client: key, via, item }).catch(() => ({ calls: [] }))
  if (mine !== asked) return
  for (const one of calls) found.set(one.n, one)
  soon(draw)
}

export function pause() {
  paused = paused ? null : list()
  missed = 0
  draw()
}

async function archive() {
  const link = h('a', { download: `portdesk-${state.space}.har` })
  link.href = URL.createObjectURL(await get('calls', { space: state.space, format: 'har' }, 'blob'))
  link.click()
}

const facets = () => fill($('facets-calls'), Object.entries(KINDS).map(([label, [tone]], place) => facet(`kind-${place}`, label, label === kind, () => { kind = label; facets(); refilter() }, tone)))

export function begin() {
  $('find-calls').placeholder = `op:${state.about.contract.operations[0]?.id} status:5xx key:NAME`
  $('find-calls').oninput = refilter
  $('calls').onclick = ({ target }) => { const row = target.closest('.call'); if (row) pick(Number(row.dataset.n)) }
  $('pause').onclick = pause
  $('har').onclick = () => archive().catch((error) => tell('error', error))
  facets()
  refilter()
}
