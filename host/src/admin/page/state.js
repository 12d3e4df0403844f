// What the page shows now, and how its parts tell each other.

export const state = { about: null, quotas: null, shape: null, space: 'main', clock: null, now: '', tab: 'call', call: null, item: null, list: 'calls' }

const $ = (id) => document.getElementById(id)

// What a reload must not lose stands in the fragment of the address.
export function remember() {
  const said = { space: state.space, tab: state.tab, call: state.call, item: state.item, view: document.body.dataset.view, calls: $('find-calls').value, items: $('find-items').value }
  history.replaceState(null, '', `#${new URLSearchParams(Object.entries(said).filter(([, value]) => value != null && value !== ''))}`)
}

export function recall() {
  const said = new URLSearchParams(location.hash.slice(1))
  state.space = said.get('space') ?? 'main'
  state.call = Number(said.get('call')) || null
  state.item = said.get('item')
  if (/^(call|item|controls)$/.test(said.get('tab'))) state.tab = said.get('tab')
  if (/^(items|inspect)$/.test(said.get('view'))) document.body.dataset.view = said.get('view')
  for (const name of ['calls', 'items']) $(`find-${name}`).value = said.get(name) ?? ''
}

const heard = {}
export const on = (name, act) => { heard[name] = act }
export const tell = (name, ...what) => heard[name](...what)

// Draws once a frame, however many events come.
const drawn = new Set()
export function soon(draw) {
  if (!drawn.size) requestAnimationFrame(() => { const all = [...drawn]; drawn.clear(); for (const one of all) one() })
  drawn.add(draw)
}

// Does something at once, but not again before some time: the longer it takes, the more rarely.
export function seldom(act) {
  let busy = false, again = false
  return async function run() {
    again = busy
    if (busy) return
    busy = true
    const begun = performance.now()
    await act()
    setTimeout(() => { busy = false; if (again) run() }, Math.max(200, 3 * (performance.now() - begun)))
  }
}
