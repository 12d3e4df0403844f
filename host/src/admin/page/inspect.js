// The inspector: one request, or one item.

import { get, send } from './api.js'
import * as calls from './calls.js'
import { $, COPY, button, code, copy, fill, h, note } from './dom.js'
import * as items from './items.js'
import { seldom, state, tell } from './state.js'
import { capital, hours, millis, moment, ms, plural, word } from './words.js'

const part = (text, small) => h('h3', text, h('span.num', small))
const nothing = (title, text) => fill($('sheet'), h('div.first', h('h3', title), h('p', text)))

export async function request() {
  const { call: n } = state
  if (n == null) return nothing('No request is chosen', 'Choose a request to see what was asked and answered, and why.')
  const call = await get(`calls/${n}`).catch((error) => { nothing('This request is not there', error.message) })
  if (call && state.tab === 'call' && state.call === n) fill($('sheet'), h('div.sheet', parts(call)))
}

const target = ({ path, query }) => path + (query ? `?${query}` : '')

function parts(call) {
  const { answer, request, items: [key, ...more] } = call
  return [
    h('h2', calls.name(call)), h('p.line.mono', `${call.method} ${target(call)}`),
    h('p.under', calls.answer(call), calls.way(call.via), call.client ?? 'no key', h('span.dim.num', `${hours(call.at)}${millis(call.at)} · ${ms(call.duration_us)} ms`)),
    h('div.deed', button('.main#curl', 'Copy as curl', () => copyCurl(call), COPY), state.about.controls && button('#again', 'Send again', () => again(call)), key && !more.length && button('#open', `Open ${state.shape.one}`, () => items.pick(key))),
    why(call), call.stations.length && [part('Way through the host'), walk(call)],
    answer && [part('Answer', `${call.status}, ${plural(answer.body.length, 'byte')}`), code(call.answered)],
    part('Request', plural(request.body.length, 'byte')), code(call.asked),
    h('p.tail.dim', `Request ${call.n}. `, call.request_id && ['Its id is ', h('span.mono', call.request_id), '.']),
  ]
}

// Why a request failed, in the sentences of the host.
function why({ why: all, status, faults }) {
  return all.length && h(`div.note${status >= 500 && !faults.length ? '.bad' : ''}`, all.map(([title, text]) => h('p', h('b', `${title} `), text)))
}

// Where the time went. The calls of the store are within the time of the component.
function walk({ stations, duration_us: whole, faults }) {
  const first = Math.min(...stations.map((one) => one.begin_us))
  const all = [{ name: 'door', begin_us: 0, duration_us: first }, ...stations].sort((a, b) => a.begin_us - b.begin_us || b.duration_us - a.duration_us)
  const end = Math.max(whole, 1, ...all.map((one) => one.begin_us + one.duration_us))
  return h('div.walk', all.slice(0, 40).map(({ name, begin_us: begin, duration_us: took, store }) => {
    const ill = store && store.outcome !== 'done'
    const bar = h(`i.${ill || faults.some((fault) => !store && fault.station === name) ? 'faulty' : name}`)
    bar.style.left = `${(begin / end) * 100}%`
    bar.style.width = `${(took / end) * 100}%`
    return [h(`span.name${store ? '.inner' : ''}`, store ? `store ${store.verb}` : name), h('span.rail', bar), h('span.took', ill && h('em', word(store.outcome)), `${(took / 1000).toFixed(2)} ms`)]
  }))
}

const chosen = () => get(`calls/${state.call}`)
const path = (key) => state.shape.read.replace(/\{.*/, encodeURIComponent(key).replaceAll("'", '%27'))

export async function copyCurl(call) {
  copy(state.tab === 'item' ? `curl '${state.about.url}${path(state.item)}' -H "x-api-key: $PORTDESK_API_KEY"` : (call ?? await chosen()).curl, 'The curl command')
}

export async function again(call) {
  try {
    call ??= await chosen()
    const { method, client, request, again: headers } = call
    const answer = await send('POST', 'calls', { space: state.space, client: client ?? 'console', method, path: target(call), headers, text: request.body.text })
    note(answer.status ? `Sent again. The answer is ${answer.status}.` : 'Sent again. A fault lost the answer.')
    state.sent = answer.headers?.find(([name]) => name === 'x-amzn-requestid')?.[1]
  } catch (error) { tell('error', error) }
}

export const item = seldom(async () => {
  const { item: key, space, shape, tab } = state
  if (tab !== 'item') return
  if (key == null) return nothing(`No ${shape.one} is chosen`, `Choose a ${shape.one} to see its fields, and its requests.`)
  const found = await get(`items/${encodeURIComponent(key)}`, { space }).catch((error) => { nothing(`This ${shape.one} is not there`, error.message) })
  if (found && state.tab === tab && state.item === key) fill($('sheet'), h('div.sheet', shown(found)))
})

function shown({ item, calls: touched }) {
  const { shape } = state, { fields, key, version } = item
  const about = (name) => shape.fields[name] ?? {}
  const rest = Object.entries(fields).filter(([name, text]) => ![shape.badge, shape.key].includes(name) && (name !== shape.title || text.length > 90))
  const json = h('div', { hidden: true }, code(JSON.stringify(item, null, 2)))
  return [
    h('h2', items.title(item)), h('p.under', items.badge(item), fields[shape.by], h('span.dim', `version ${version}`)),
    h('div.deed', shape.read && state.about.url && button('.main#curl', 'Copy as curl', () => copyCurl(), COPY), button('#as-json', 'Show as JSON', () => { json.hidden = !json.hidden })), json,
    h('dl.fields', [[shape.key, key], ...rest].map(([name, value]) => [h('dt', { title: about(name).description }, word(name)), h('dd', about(name).format === 'date-time' ? `${moment(value)} UTC` : value)])),
    shape.lists.map((list) => {
      const entries = item.lists[list.name] ?? []
      return [part(capital(word(list.name)), String(entries.length)), h('div.entries', entries.map(({ fields: one }) => h('article.entry', h('header', h('b', one[list.by] ?? (list.by && `no ${word(list.by)}`)), h('time.when', hours(one[list.at]))), h('p', one[list.text]), Object.entries(one).filter(([name]) => ![list.by, list.at, list.text].includes(name)).map(([name, value]) => h('p.dim', `${word(name)}: ${value}`)))))]
    }),
    part('Requests that touched it', String(touched.length)),
    h('ul.plain', touched.reverse().map((call) => h('li', h('span.mono.dim', hours(call.at)), h(`button.op#touched-${call.n}`, { onclick: () => calls.pick(call.n) }, calls.name(call)), h('span.gap'), calls.fault(call) || calls.way(call.via), calls.answer(call)))),
  ]
}
