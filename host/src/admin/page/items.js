// The list of items, the newest first.

import { get } from './api.js'
import * as calls from './calls.js'
import { $, away, button, choose, code, copy, dot, facet, fill, h, rows } from './dom.js'
import { remember, seldom, soon, state, tell } from './state.js'
import { capital, count, plural, short, when, word } from './words.js'

let items = [], total = 0, matching = 0, facets = {}, value = '', partial = false
const versions = new Map()

async function load() {
  const { space, shape } = state, find = $('find-items').value
  try {
    const page = await get('items', { space, find, facet: shape.badge, value })
    if (space !== state.space) return
    ;({ items, total, found: matching, facets } = page)
    partial = false
  } catch (error) {
    if (error.code !== 'not_with_this_store') return tell('error', error)
    // A table that other hosts share is not listed as a whole. What the requests of this host touched is read one by one.
    const read = await Promise.all(calls.touched().map((key) => get(`items/${encodeURIComponent(key)}`, { space }).catch(() => null)))
    items = read.filter((one) => one && JSON.stringify(one).includes(find)).map((one) => one.item)
    partial = true
    facets = {}
    total = matching = items.length
  }
  soon(draw)
}

// Asks for the list again. It may be called for each event: the list is loaded only some times a second.
export const refresh = seldom(load)

const tone = (item) => state.shape.tones[item.fields[state.shape.badge]] ?? 'grey'
export const badge = (item) => item.fields[state.shape.badge] && h(`span.badge.tone-${tone(item)}`, dot(tone(item)), word(item.fields[state.shape.badge]))
export const title = (item) => item.fields[state.shape.title] || short(item.key)

function make(item) {
  const { shape, now } = state, { fields, key, version } = item
  const fresh = versions.size && versions.get(key) !== version ? '.fresh' : ''
  const lists = shape.lists.map((list) => plural(item.lists[list.name]?.length ?? 0, word(list.name).replace(/s$/, '')))
  return h('li', h(`button.item${fresh}`, { 'data-key': key }, dot(tone(item)), h('span.title', title(item)), h('time.when', fields[shape.at] && when(fields[shape.at], now)),
    h('span.meta', [word(fields[shape.badge] ?? ''), fields[shape.by], ...lists].filter(Boolean).map((text) => h('span', text)), h('span.mono', short(key)))))
}

function draw() {
  const { shape, now } = state
  rows($('items'), items, (item) => item.key, (item) => JSON.stringify(item) + now.slice(0, 10), make)
  for (const { key, version } of items) versions.set(key, version)
  choose($('items'), state.item)
  $('n-items').textContent = partial ? `${count(total)} seen` : matching < total ? `${count(matching)} of ${count(total)}` : count(total)
  const all = Object.values(facets).reduce((sum, one) => sum + one, 0)
  fill($('facets-items'), shape.badge && total > 0 && [['', all], ...(shape.values.length ? shape.values : Object.keys(facets)).map((name) => [name, facets[name]])].map(([name, number]) => facet(`facet-${name}`, word(name) || 'All', name === value, () => { value = name; draw(); refresh() }, name && (shape.tones[name] ?? 'grey'), !partial && count(number))))
  fill($('more-items'), more())
}

function more() {
  const { many } = state.shape
  if (partial) return `Other hosts may share the table of this store, so only the ${many} of recent requests are listed. Reset and snapshots are not possible.`
  if (!items.length) return total ? `None of ${count(total)} ${many} matches this filter.` : empty()
  return items.length < matching && `The newest ${items.length} ${many} are shown. The filter finds the others.`
}

// What to do first, for people who see the page before anything has happened.
function empty() {
  const { about: { url, mcp_path: mcp }, shape: { create, one, many } } = state
  const paste = (what, text) => h('div.snippet', code(text), button('.small', 'Copy', () => copy(text, what)))
  const servers = { mcpServers: { desk: { type: 'http', url: url + mcp, headers: { 'x-api-key': 'YOUR_KEY' } } } }
  return h('div.first', h('h3', `There are no ${many} yet`), !url ? h('p', 'An agent speaks to this host over standard input.') : [create && [h('p', `Paste this into a terminal to make a ${one}. It appears here at once.`),
    paste('The curl command', `curl ${url}${create.path} \\\n  -H "x-api-key: $PORTDESK_API_KEY" \\\n  -H 'content-type: application/json' \\\n  -d '${create.body}'`)],
  h('p', 'Or give this to an agent that speaks MCP:'), paste('The configuration', JSON.stringify(servers, null, 2)), h('p.dim', 'The host printed a key when it started.')])
}

export const move = (by) => pick(away(items.map((item) => item.key), state.item, by), true)

export function pick(key, quiet) {
  state.item = key
  choose($('items'), key, true)
  tell('open', 'item', quiet)
}

export function forget() {
  items = []
  versions.clear()
  value = ''
}

export function begin() {
  const { one, many } = state.shape
  for (const id of ['h-items', 'd-items']) $(id).textContent = capital(many)
  $('t-item').textContent = capital(one)
  $('find-items').previousElementSibling.textContent = `Filter ${many}`
  $('find-items').oninput = () => { remember(); refresh() }
  $('items').onclick = ({ target }) => { const row = target.closest('.item'); if (row) pick(row.dataset.key) }
}
