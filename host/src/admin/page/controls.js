// The controls of a space: state, clock, faults. What a person does can be undone, so nothing asks before.

import { get, query, send } from './api.js'
import { $, button, code, copy, cross, fill, h, note } from './dom.js'
import * as items from './items.js'
import { seldom, state, tell } from './state.js'
import { capital, moment, plural, short } from './words.js'

let rules = [], snapshots = [], damaged = [], stores = ''

const here = () => ({ space: state.space })

// Does a change and says what was done, with what undoes it.
async function act(done, undo, method, path, body, type) {
  try {
    const answer = await send(method, path, type ? body : { ...here(), ...body }, type)
    if (done) note(done, undo ? { deed: 'Undo', act: undo } : {})
    refresh()
    return answer
  } catch (error) { tell('error', error) }
}

const restored = (name, done, undo) => act(done, undo, 'POST', `snapshots/${name}/restore`)
const asBefore = (name) => () => restored(name, 'The state is as before')
const bare = ({ hits, chances, told, ...rule }) => rule

export const reset = () => act('The space is empty', asBefore('before-reset'), 'POST', 'reset')

// Nothing brings back what is removed, so the removal waits.
function later(what, path, then) {
  const timer = setTimeout(() => act('', null, 'DELETE', path).then(then), 6000)
  note(`The ${what} goes in 6 seconds`, { deed: 'Keep', act: () => clearTimeout(timer), lasts: 6 })
}

// Makes a space, whose key is shown only now.
async function made() {
  const name = $('space-name').value, seed = $('space-seed').value
  const { keys: { agent: key } = {} } = await act('', null, 'POST', 'spaces', { space: undefined, name, seed: seed ? Number(seed) : undefined }) ?? {}
  if (!key) return
  tell('spaces')
  fill($('dialog'), h('h2', `The space ${name} is made`), h('p', 'Its key is shown only now.'), code(key), h('div.deed', button('.main', 'Copy the key', () => copy(key, 'The key')), button('', 'Close', () => $('dialog').close())))
  $('dialog').showModal()
}

const shown = (value) => (value?.fields ? Object.values(value.fields).join(', ') : value ?? 'none')

// What changed since a snapshot.
async function compare(name) {
  const { space } = state
  const found = await send('POST', 'state/diff', { from: { space, snapshot: name }, to: space }).catch((error) => tell('error', error))
  if (!found) return
  const { added, removed, changed, left_out: more } = found.difference
  const title = state.shape.title, all = { added, removed, changed }
  const line = (sign, key, text) => h('li', h('b.mono', sign), h('button.op', { onclick: () => items.pick(key) }, text), h('span.gap'), h('span.dim.mono', short(key)))
  const whole = (sign) => ({ key, fields }) => line(sign, key, fields[title] ?? key)
  const part = ({ key, pointer, from, to }) => line('~', key, `${pointer.split('/').slice(2).join(' ')}: ${shown(from)} → ${shown(to)}`)
  fill($('difference'), h('h3', `Since ${name}: ${Object.keys(all).map((what) => `${all[what].length} ${what}`).join(', ')}${more ? `, ${more} not shown` : ''}`),
    h('ul.plain', added.slice(0, 20).map(whole('+')), removed.slice(0, 20).map(whole('−')), changed.slice(0, 40).map(part)))
}

export const hash = seldom(async () => {
  if (!$('p-hash')) return
  const found = await get('state/hash', here()).catch(() => null)
  if ($('p-hash')) fill($('p-hash'), found && [`${plural(found.items, 'item')}, state `, h('span.mono', { title: found.hash }, found.hash.slice(0, 16)), button('.small#b-hash', 'Copy', () => copy(found.hash, 'The hash of the state'))])
})

// Changes the faults so that the rules of before can come back.
function faults(done, method, more) {
  const old = rules.map(bare)
  act(done, () => act('The faults are as before', null, 'PUT', 'faults', { rules: old }), method, 'faults', more)
}

async function scenario({ target }) {
  const [file] = target.files
  if (file) await act(`The scenario ${file.name} ran`, asBefore('before-scenario'), 'POST', `scenarios?${query(here())}`, await file.text(), 'application/yaml')
  target.value = ''
}

const card = (id, title, ...children) => h(`section.card#card-${id}`, { 'aria-label': title }, h('h2', title), children)
const field = (label, input) => h('label.field', label, input)
const input = (id, more) => h(`input#${id}`, more)

export function draw() {
  const { controls: can } = state.about
  const advance = (label, by) => button(`#by-${by}`, `+ ${label}`, () => act(`The clock is ${label} later`, null, 'POST', 'clock/advance', { by }))
  const set = (label, mode) => button(`#${mode}`, label, () => act(`The clock is ${mode}`, null, 'PUT', 'clock', { mode }))
  fill($('sheet'), h('div.sheet',
    !can && h('p.note', h('b', 'Read only. '), 'This host was started without --controls.'),
    card('state', 'State', h('p#p-state'), h('p.under.num#p-hash'), can && h('div.deed', button('.main#b-scenario', 'Load scenario…', () => $('scenario').click()), h('input#scenario', { type: 'file', hidden: true, onchange: scenario }), button('.risk#b-reset', 'Reset', reset)),
      can && h('div.form', field('Name of a snapshot', input('snap-name', { maxlength: 64, placeholder: 'monday' })), button('#b-snap', 'Take snapshot', () => act('The snapshot is taken', null, 'PUT', `snapshots/${encodeURIComponent($('snap-name').value || 'unnamed')}`))), h('ul.plain#snapshots'), h('div#difference')),
    card('clock', 'Clock', h('p.big.num#p-clock'), h('p#p-mode'), can && h('div.deed', advance('1 min', 'PT1M'), advance('1 hour', 'PT1H'), advance('1 day', 'P1D'), set('Stop', 'frozen'), set('Run', 'running'))),
    card('faults', 'Faults', h('div#rules'), can && form()),
    can && card('spaces', 'Spaces', h('p', 'Worlds for tests, chosen by the key.'), h('div.form', field('Name of a space', input('space-name', { maxlength: 64, placeholder: 'blue' })), field('Seed', input('space-seed', { type: 'number', min: 0, placeholder: 'random ids' })), button('#b-space', 'New space', made)),
      state.space !== 'main' && h('div.deed', button('.risk#b-drop', `Drop ${state.space}`, () => later(`space ${state.space}`, `spaces/${state.space}`, () => tell('spaces')))))))
  update()
  refresh()
}

function form() {
  const { fault_deeds: deeds, contract: { operations } } = state.about
  const select = (id, options) => h(`select#${id}`, options.map(([value, label]) => h('option', { value }, label)))
  const add = () => {
    const { at, do: action } = deeds[$('fault-do').value], times = Number($('fault-times').value)
    faults('The fault is added', 'POST', { rule: { at, do: action, operation: $('fault-op').value || undefined, probability: $('fault-chance').value / 100, times: times || undefined } })
  }
  const presets = state.about.fault_presets.map((name) => button(`.small#preset-${name}`, capital(name.replace('-', ' ')), () => faults(`The faults are those of ${name}`, 'PUT', { preset: name })))
  return h('div.form', h('div.deed', h('span.dim', 'Presets'), presets), field('Requests', select('fault-op', [['', 'of every operation'], ...operations.map(({ id }) => [id, id])])), field('What happens: a request', select('fault-do', deeds.map(({ label }, place) => [place, label]))),
    field('Chance in %', input('fault-chance', { type: 'number', min: 0, max: 100, value: 100 })), field('Times at most', input('fault-times', { type: 'number', min: 1, placeholder: 'always' })), button('.main#b-fault', 'Add fault', add))
}

const told = ([who, what, when]) => h('span', h('b', who), ` ${what}`, h('small', when))

export function update() {
  if (!$('p-clock')) return
  const { about: { controls: can }, clock } = state
  $('p-state').textContent = stores || (can ? 'A scenario goes through the API, so every rule of the component holds.' : '')
  const gone = (name) => can && cross(`#drop-${name}`, `Remove the snapshot ${name}`, () => later(`snapshot ${name}`, `snapshots/${name}?${query(here())}`))
  fill($('snapshots'), snapshots.map(({ name, items }) => h('li', h('b', name), h('span.dim.num', plural(items, 'item')), h('span.gap'), button(`.small#compare-${name}`, 'Compare', () => compare(name)), can && [button(`.small#restore-${name}`, 'Restore', () => restored(name, `The items of ${name} are back; faults stay`, name !== 'before-restore' && asBefore('before-restore'))), gone(name)])), damaged.map((name) => h('li', h('b', name), h('span.bad', 'damaged'), h('span.gap'), gone(name))))
  $('p-clock').textContent = `${moment(clock.at)} UTC`
  $('p-mode').textContent = `${{ real: 'Real time.', running: 'It runs.', frozen: 'It stands still.', stepping: `Each request moves it by ${clock.step_ms} ms.` }[clock.mode]} It only moves forward, until a reset. Quotas follow it.`
  fill($('rules'), rules.map((rule) => h('div.rule', told(rule.told), h(`span.num.dim#hits-${rule.id}`, { title: 'How many requests met it, of those that could' }, `${rule.hits} of ${rule.chances}`), can && [
    h(`input.switch#rule-${rule.id}`, { type: 'checkbox', role: 'switch', checked: rule.enabled, 'aria-label': `The fault ${rule.id}`, onchange: ({ target }) => faults(`The fault ${rule.id} is ${target.checked ? 'on' : 'off'}`, 'PUT', { rules: rules.map((one) => (one === rule ? { ...bare(one), enabled: target.checked } : bare(one))) }) }),
    cross(`#gone-${rule.id}`, `Remove the fault ${rule.id}`, () => faults(`The fault ${rule.id} is removed`, 'PUT', { rules: rules.filter((one) => one !== rule).map(bare) }))])), !rules.length && h('p', 'No faults.'))
}

export function counts(all) {
  for (const rule of rules) {
    [rule.hits, rule.chances] = all[rule.id] ?? [rule.hits, rule.chances]
    const shown = $(`hits-${rule.id}`)
    if (shown) shown.textContent = `${rule.hits} of ${rule.chances}`
  }
}

export async function refresh() {
  hash()
  const [faults, clock, kept] = await Promise.all([get('faults', here()), get('clock', here()), get('snapshots', here()).catch((error) => ({ snapshots: [], error }))]).catch(() => [])
  if (faults?.space !== state.space) return
  ;({ rules } = faults)
  ;({ snapshots, damaged = [] } = kept)
  stores = kept.error?.message
  tell('set', clock, rules.filter((rule) => rule.enabled).length)
  update()
}
