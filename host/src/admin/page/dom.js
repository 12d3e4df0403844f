// Makes and updates nodes. Everything that is shown is set as text; nothing is ever parsed as HTML.

export const $ = (id) => document.getElementById(id)
const real = (all) => all.flat(3).filter((one) => one != null && one !== false && one !== '')

// h('button.op#id', {attribute, onclick}, ...children)
export function h(what, ...children) {
  const [, name, id] = what.match(/^(\w+)[^#]*#?(.*)$/), node = document.createElement(name)
  const names = what.replace(/#.*/, '').split('.').slice(1)
  if (names.length) node.className = names.join(' ')
  if (id) node.id = id
  if (name === 'button') node.type = 'button'
  if (children[0]?.constructor === Object) for (const [key, value] of Object.entries(children.shift())) {
    if (typeof value === 'function') node[key] = value
    else if (value !== false && value != null) node.setAttribute(key, value === true ? '' : value)
  }
  node.append(...real(children))
  return node
}

export function svg(name, attributes, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name)
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value)
  node.append(...children)
  return node
}

const icon = (d) => svg('svg', { viewBox: '0 0 16 16' }, svg('path', { d }))
export const COPY = 'M5.5 5.5v-2a1 1 0 0 1 1-1h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-2M2.5 6.5a1 1 0 0 1 1-1h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-6a1 1 0 0 1-1-1z'
const SHUT = 'm4.5 4.5 7 7m0-7-7 7'

export const button = (what, label, onclick, sign) => h(`button.btn${what}`, { onclick }, sign && icon(sign), label)
// A cross, with the name of what it closes or removes for people who do not see it.
export const cross = (what, label, onclick) => h(`button.btn.small.icon${what}`, { onclick, 'aria-label': label, title: label }, icon(SHUT))
export const dot = (tone) => h(`span.dot.tone-${tone}`)

// Brings the children of `parent` to what `list` says. A row whose stamp is the same is not touched, so that it keeps its focus and
// the text that a person selects in it.
export function rows(parent, list, key, stamp, make) {
  const known = parent.known ??= new Map(), wanted = new Set(list.map(key))
  for (const [id, { node }] of known) if (!wanted.has(id)) { node.remove(); known.delete(id) }
  let place = parent.firstChild
  for (const one of list) {
    const id = key(one), mark = stamp(one), old = known.get(id)
    const node = old?.mark === mark ? old.node : make(one)
    if (old && old.node !== node) {
      const focused = old.node.contains(document.activeElement)
      if (place === old.node) place = node
      old.node.replaceWith(node)
      if (focused) node.querySelector('button')?.focus({ preventScroll: true })
    }
    known.set(id, { node, mark })
    if (node === place) place = place.nextSibling
    else parent.insertBefore(node, place)
  }
}

// Exactly one row of a list is in the order of the Tab key: the chosen row, or the first. A new
// choice is scrolled to, and has the focus if the list had it.
export function choose(parent, key, isNew) {
  const row = parent.known?.get(key)?.node
  for (const old of parent.querySelectorAll('[tabindex="0"], [aria-current]')) { old.tabIndex = -1; old.removeAttribute('aria-current'); old.closest('.chosen')?.classList.remove('chosen') }
  const one = (row ?? parent).querySelector('button')
  if (one) one.tabIndex = 0
  if (row) { one.setAttribute('aria-current', 'true'); row.classList.add('chosen') }
  if (!row || !isNew) return
  row.scrollIntoView({ block: 'nearest' })
  if (parent.closest('.scroll').contains(document.activeElement)) one.focus({ preventScroll: true })
}

// The key that is some rows away from the chosen key.
export function away(keys, key, by) {
  const place = keys.indexOf(key)
  return keys[place < 0 ? 0 : Math.max(0, Math.min(keys.length - 1, place + by))]
}

// A choice among few, with a dot in the tone of what it stands for.
export const facet = (id, label, pressed, onclick, tone, number) => h(`button.facet#${id}`, { 'aria-pressed': String(pressed), onclick }, tone && dot(tone), label, number && h('span.num', number))

// Replaces the content of a node. A child with the same id keeps the focus.
export function fill(parent, ...children) {
  const id = parent.contains(document.activeElement) && document.activeElement.id
  parent.replaceChildren(...real(children))
  if (id && id !== parent.id) $(id)?.focus({ preventScroll: true })
}

// JSON and headers, coloured by nodes.
export function code(text) {
  const box = h('pre.code', { tabindex: 0 })
  let from = 0
  for (const found of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|\b-?\d+(?:\.\d+)?\b|^[\w-]+: /gm)) {
    box.append(text.slice(from, found.index), h(`span.${found[2] ? 'k' : found[1] ? 's' : found[0].endsWith(': ') ? 'h' : 'n'}`, found[1] ?? found[0]), found[2] ?? '')
    from = found.index + found[0].length
  }
  box.append(text.slice(from))
  return box
}

// A note at the foot of the page, with one thing to do about it. A note that a person is about to use stays.
export function note(text, { tone = 'calm', deed, act, lasts = 8 } = {}) {
  const shut = () => box.remove()
  const box = h(`p.toast.${tone}`, h('span', text), deed && button('.small', deed, () => { shut(); act() }), cross('', 'Close this note', shut))
  const wait = () => (box.matches(':hover, :focus-within') ? setTimeout(wait, 1000) : shut())
  setTimeout(wait, lasts * 1000)
  $('notes').append(box)
}

// Says something to people who do not see the page, once in five seconds.
let said = 0, waiting
export function say(text) {
  clearTimeout(waiting)
  waiting = setTimeout(() => { said = Date.now(); $('said').textContent = text }, Math.max(100, said + 5000 - Date.now()))
}

export const copy = (text, what) => navigator.clipboard.writeText(text).then(() => note(`${what} is copied`), (error) => note(error.message, { tone: 'bad' }))
