// The controls of a space: state, clock, faults. What a person does can be undone, so nothing asks before.

import { get, query, send } from './api.js'
import { $, button, cross, fill, h, note } from './dom.js'
import { state, tell } from './state.js'
import { moment, plural } from './words.js'

let rules = [], snapshots = [], stores = ''

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

async function restore(name) {
  if (await act('', null, 'PUT', 'snapshots/before-restore')) restored(name, `The items of ${name} are back; faults stay`, asBefore('before-restore'))
}

// Nothing brings a removed snapshot back, so the removal waits.
function remove(name) {
  const timer = setTimeout(() => act('', null, 'DELETE', `snapshots/${name}?${query(here())}`), 6000)
  note(`The snapshot ${name} goes in 6 seconds`, { deed: 'Keep', act: () => clearTimeout(timer), lasts: 6 })
}

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
    card('state', 'State', h('p#p-state'), can && h('div.deed', button('.main#b-scenario', 'Load scenario…', () => $('scenario').click()), h('input#scenario', { type: 'file', hidden: true, onchange: scenario }), button('.risk#b-reset', 'Reset', reset)),
      can && h('div.form', field('Name of a snapshot', input('snap-name', { maxlength: 64, placeholder: 'monday' })), button('#b-snap', 'Take snapshot', () => act('The snapshot is taken', null, 'PUT', `snapshots/${encodeURIComponent($('snap-name').value || 'unnamed')}`))), h('ul.plain#snapshots')),
    card('clock', 'Clock', h('p.big.num#p-clock'), h('p#p-mode'), can && h('div.deed', advance('1 min', 'PT1M'), advance('1 hour', 'PT1H'), advance('1 day', 'P1D'), set('Stop', 'frozen'), set('Run', 'running'))),
    card('faults', 'Faults', h('div#rules'), can && form())))
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
  return h('div.form', field('Requests', select('fault-op', [['', 'of every operation'], ...operations.map(({ id }) => [id, id])])), field('What happens: a request', select('fault-do', deeds.map(({ label }, place) => [place, label]))),
    field('Chance in %', input('fault-chance', { type: 'number', min: 0, max: 100, value: 100 })), field('Times at most', input('fault-times', { type: 'number', min: 1, placeholder: 'always' })), button('.main#b-fault', 'Add fault', add))
}

const told = ([who, what, when]) => h('span', h('b', who), ` ${what}`, h('small', when))

export function update() {
  if (!$('p-clock')) return
  const { about: { controls: can }, clock } = state
  $('p-state').textContent = stores || (can ? 'A scenario goes through the API, so every rule of the component holds.' : '')
  fill($('snapshots'), snapshots.map(({ name, items }) => h('li', h('b', name), h('span.dim.num', plural(items, 'item')), h('span.gap'), can && [button(`.small#restore-${name}`, 'Restore', () => restore(name)), cross(`#drop-${name}`, `Remove the snapshot ${name}`, () => remove(name))])))
  $('p-clock').textContent = `${moment(clock.at)} UTC`
  $('p-mode').textContent = `${{ real: 'Real time.', running: 'It runs.', frozen: 'It stands still.', stepping: `Each request moves it by ${clock.step_ms} ms.` }[clock.mode]} It only moves forward, until a reset. Quotas follow it.`
  fill($('rules'), rules.map((rule) => h('div.rule', told(rule.told), h('span.num.dim', `${rule.hits} of ${rule.chances}`), can && [
    h(`input.switch#rule-${rule.id}`, { type: 'checkbox', role: 'switch', checked: rule.enabled, 'aria-label': `The fault ${rule.id}`, onchange: ({ target }) => faults(`The fault ${rule.id} is ${target.checked ? 'on' : 'off'}`, 'PUT', { rules: rules.map((one) => (one === rule ? { ...bare(one), enabled: target.checked } : bare(one))) }) }),
    cross(`#gone-${rule.id}`, `Remove the fault ${rule.id}`, () => faults(`The fault ${rule.id} is removed`, 'PUT', { rules: rules.filter((one) => one !== rule).map(bare) }))])), !rules.length && h('p', 'No faults.'))
}

export async function refresh() {
  const [faults, clock, kept] = await Promise.all([get('faults', here()), get('clock', here()), get('snapshots', here()).catch((error) => ({ snapshots: [], error }))]).catch(() => [])
  if (faults?.space !== state.space) return
  ;({ rules } = faults)
  ;({ snapshots } = kept)
  stores = kept.error?.message
  tell('set', clock, rules.filter((rule) => rule.enabled).length)
  update()
}
