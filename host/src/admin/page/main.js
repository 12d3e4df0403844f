// Starts the page: token, shape, lists, then the stream. Views and keys.

import { follow, get, takeToken, token } from './api.js'
import * as calls from './calls.js'
import * as controls from './controls.js'
import { $, button, fill, h, note, say } from './dom.js'
import { draw } from './gauges.js'
import * as inspect from './inspect.js'
import * as items from './items.js'
import { on, recall, remember, soon, state, tell } from './state.js'
import { moment, plural } from './words.js'

const TABS = ['call', 'item', 'controls']
let stop = () => {}, ended = 0, failed = 0, thinned = false, ticks = 0, told = -1

async function start() {
  if (!token()) return gate('This page needs the token of the console.')
  stop()
  ticks = 0
  told = -1
  try {
    const about = state.about = await get('shape')
    $('dialog').close()
    about.url = about.url.replace(/0\.0\.0\.0|\[::\]/, location.hostname)
    if (!about.spaces.some((one) => one.name === state.space)) state.space = 'main'
    if (!state.shape) {
      state.shape = about.looks
      items.begin()
      calls.begin()
    }
    $('f-url').textContent = about.url || 'standard input'
    $('f-store').textContent = `${about.store} store`
    clock(space().clock)
    spaces(about.spaces)
    // The lists first, and then what changes after them.
    const position = await calls.load()
    stop = follow(state.space, position, { event, state: live, lost })
    items.refresh()
    controls.refresh()
    open(state.tab, true)
  } catch (error) { lost(error) }
}

const space = () => state.about.spaces.find((one) => one.name === state.space)
function enter(space) {
  Object.assign(state, { space, call: null, item: null, quotas: null })
  items.forget()
  start()
}

const afresh = () => { calls.load(); items.refresh(); controls.refresh() }
function spaces(all) {
  state.about.spaces = all
  fill($('space'), all.map(({ name }) => h('option', { value: name, selected: name === state.space }, name)))
  soon(bar)
}

function event(name, data) {
  if (name === 'call' || name === 'mark') calls.add(data)
  if (name === 'gap') afresh()
  if (name === 'mark') {
    items.refresh()
    controls.refresh()
    tell('spaces')
    quotas()
    inspect.item()
    say(data.text)
  }
  if (name === 'call' && data.state !== 'open') {
    ended++
    if (!(data.status < 500)) failed++
    if (data.method !== 'GET') { items.refresh(); controls.hash() }
    if (data.items.includes(state.item)) inspect.item()
    if (data.n === state.call && state.tab === 'call') inspect.request()
    if (state.sent && data.request_id === state.sent) { state.sent = null; calls.pick(data.n) }
    say(`${plural(ended, 'request')}, ${failed} failed`)
  }
  if (name === 'gauges') {
    // A quota may cost a request to a table, so it is read only if something happened.
    if (ticks++ % 5 === 0 && told !== ended) quotas()
    draw(data)
    controls.counts(data.faults)
    clock(data.clock)
    // During a burst the host sends only a part of the requests. Afterwards the list is loaded once.
    if (thinned && !data.left_out) afresh()
    thinned = data.left_out > 0
  }
}

async function quotas() {
  told = ended
  state.quotas = await get('quotas', { space: state.space }).then((all) => all.quotas, () => null)
}

function clock(setting) {
  Object.assign(state, { clock: setting, now: setting.at })
  if ($('p-clock')) $('p-clock').textContent = `${moment(setting.at)} UTC`
  soon(bar)
}

function bar() {
  const { about, clock: { mode, at } } = state, { seed, has_contents: whole } = space()
  fill($('clock').lastElementChild, { real: 'Real time', running: 'Runs at ', frozen: 'Frozen at ', stepping: 'Steps at ' }[mode], mode !== 'real' && h('b.num', moment(at)))
  fill($('seed'), seed == null ? 'Random ids' : ['Seed ', h('b.num', String(seed))])
  $('reset').hidden = !about.controls || !whole
}

function live(now) {
  $('live').className = `live ${now}`
  $('live').lastChild.textContent = { live: 'Live', waiting: 'Reconnecting', hidden: 'Asleep' }[now]
}

function lost(error) {
  if (error.status === 401) return gate('The host does not accept this token. A host makes a new token at each start.')
  if (error.status === 404) state.space = 'main'
  live('waiting')
  setTimeout(start, 2000)
}

function gate(text) {
  fill($('dialog'), h('h2', 'Open the console'), h('p', text, ' Open the address that the host printed when it started.'))
  if (!$('dialog').open) $('dialog').showModal()
}

function open(tab, quiet) {
  state.tab = tab
  if (tab !== 'controls') state.list = `${tab}s`
  for (const name of TABS) {
    $(`t-${name}`).setAttribute('aria-selected', String(name === tab))
    $(`t-${name}`).tabIndex = name === tab ? 0 : -1
  }
  $('sheet').setAttribute('aria-labelledby', `t-${tab}`)
  $('sheet').scrollTop = 0
  ;[inspect.request, inspect.item, controls.draw][TABS.indexOf(tab)]()
  view(quiet ? document.body.dataset.view : 'inspect')
}

function view(name) {
  document.body.dataset.view = name
  for (const one of document.querySelectorAll('.dock button')) one.setAttribute('aria-pressed', String(one.dataset.to === name))
  remember()
}

on('open', open)
on('set', (setting, faults) => {
  clock(setting)
  $('faults').hidden = !faults
  $('faults').lastElementChild.textContent = plural(faults, 'fault')
})
on('spaces', async () => {
  const found = await get('spaces').catch(lost)
  if (found?.spaces.some((one) => one.name === state.space)) spaces(found.spaces)
  else if (found) enter('main')
})
on('error', (error) => (error.status === 401 ? lost(error) : note(error.message, { tone: 'bad' })))

// ---- keys

const KEYS = { 'J K': 'next, previous', Enter: 'to the inspector', Esc: 'back', '/': 'filter requests', F: 'filter items', 'G I': 'to the items', 'G R': 'to the requests', 'G C': 'to the controls', Y: 'copy as curl', S: 'send again', P: 'pause', '+ - 0': 'size', '?': 'help' }

function help() {
  fill($('dialog'), h('h2', 'Keys'), h('dl.keys', Object.entries(KEYS).map(([keys, text]) => [h('dt', keys.split(' ').map((key) => h('kbd', key))), h('dd', text)])),
    h('p', 'A filter takes words, and op:, status:, key:, via: and item: with a value, such as status:5xx.'), button('.main', 'Close', () => $('dialog').close()))
  $('dialog').showModal()
}

let scale = Number(localStorage.getItem('portdesk-size')) || 1
function size(to) {
  scale = Math.max(0.8, Math.min(2.4, to))
  document.documentElement.style.setProperty('--scale', scale)
  localStorage.setItem('portdesk-size', scale)
}

function back(name = state.list) {
  state.list = name
  view(name)
  ;($(name).querySelector('[tabindex="0"]') ?? $(`pane-${name}`)).focus()
}
const find = (name) => { view(name); $(`find-${name}`).focus() }
const inspector = () => { view('inspect'); $('sheet').focus() }
const move = (by) => (state.list === 'items' ? items : calls).move(by)
const GO = { i: () => back('items'), r: () => back('calls'), c: () => { open('controls'); inspector() } }
const DO = {
  j: () => move(1), k: () => move(-1), '/': () => find('calls'), f: () => find('items'), p: calls.pause, '?': help, y: () => inspect.copyCurl(), s: () => state.about.controls && state.tab === 'call' && inspect.again(),
  '+': () => size(scale + 0.1), '=': () => size(scale + 0.1), '-': () => size(scale - 0.1), 0: () => size(1),
}

let went = 0
document.onkeydown = (event) => {
  const { target, ctrlKey, metaKey, altKey } = event, key = event.key.length === 1 ? event.key.toLowerCase() : event.key
  if (ctrlKey || metaKey || altKey || document.querySelector('dialog[open]') || !state.shape) return
  const list = target.closest('#pane-items, #pane-calls'), place = TABS.indexOf(state.tab)
  const tab = target.role === 'tab' && { ArrowRight: 1, ArrowLeft: 2 }[key], step = list && { ArrowDown: 1, ArrowUp: -1 }[key]
  let act = null
  if (key === 'Escape') act = () => back()
  else if (target.matches('input:not([type=checkbox]), select')) return
  else if (tab) act = () => { open(TABS[(place + tab) % 3]); $(`t-${state.tab}`).focus() }
  else if (step) act = () => { state.list = list.id.slice(5); move(step) }
  else if (key === 'Enter') act = (list || target === document.body) && !target.matches('.btn, .facet') && (() => { if (target.matches('.op, .item')) target.click(); inspector() })
  else act = event.timeStamp - went < 1500 && GO[key] || DO[key]
  went = key === 'g' ? event.timeStamp : 0
  if (act) { event.preventDefault(); act() }
}

takeToken()
recall()
// A person who opens the address of a new token in the same tab changes only the fragment.
onhashchange = () => { takeToken(); start() }
size(scale)
for (const name of TABS) $(`t-${name}`).onclick = () => open(name)
for (const one of document.querySelectorAll('[data-card]')) one.onclick = () => { GO.c(); $(one.dataset.card).scrollIntoView() }
for (const one of document.querySelectorAll('.dock button')) one.onclick = () => view(one.dataset.to)
$('space').onchange = ({ target }) => enter(target.value)
$('reset').onclick = controls.reset
$('help').onclick = help
$('shut').onclick = () => back()
start()
