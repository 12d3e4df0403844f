// The figures at the top, each with a small chart of the last minute.

import { $, fill, h, svg } from './dom.js'
import { state } from './state.js'
import { count, hours, mib, moment, ms } from './words.js'

// A line shows what is always there; bars show what is rare.
function chart(values, isLine) {
  const most = Math.max(...values, 1e-9), last = values.length - 1
  const x = (place) => ((place / last) * 104).toFixed(1), y = (value) => (22.5 - (value / most) * 20).toFixed(1)
  const line = values.map((value, place) => `${x(place)},${y(value)}`).join(' ')
  return svg('svg', { viewBox: '0 0 104 24', class: 'chart' }, ...(isLine
    ? [svg('polygon', { points: `0,24 ${line} 104,24` }), svg('polyline', { points: line })]
    : [svg('path', { class: 'axis', d: 'M0 23.5h104' }), svg('path', { d: values.map((value, place) => (value ? `M${x(place)} 23V${y(value)}` : '')).join('') })]))
}

const gauge = (label, value, small, extra, title, tone = '') => h('div.gauge', { title }, h('dt', label), h('dd.num', h('span', h(`span${tone}`, value), small && h('small', small)), extra))
const sum = (counts) => Object.values(counts).reduce((all, one) => all + one, 0)
const BLAME = { injected: 'injected', host: 'by the host', component: 'by the component', left: 'left by the client' }

const SINCE = { reset: 'the reset', restored: 'the restore', made: 'the space was made' }

// The key that has the least left of its quota.
function quota() {
  const all = state.quotas, [least] = all ?? []
  if (!least) return gauge('Quota', all ? 'none' : 'unknown', all && 'used so far')
  const { client, left, requests, period } = least, meter = svg('svg', { viewBox: '0 0 104 24', class: 'chart meter' }, svg('path', { class: 'axis', d: 'M4 12h96' }), ...(left ? [svg('path', { d: `M4 12h${(96 * left) / requests}` })] : []))
  return gauge(`Quota of ${client}`, count(left), `of ${count(requests)} a ${period}`, meter, all.map((one) => `${one.client} (${one.plan}): ${count(one.left)} of ${count(one.requests)} left until ${moment(one.ends)}`).join('\n'), left ? '' : '.warn')
}

export function draw({ figures: { requests, since, refused, failed, p50_us: half, p95_us: most, seconds }, journal: { bytes, limit_bytes: limit } }) {
  const lately = seconds.slice(-10).reduce((all, [one]) => all + one, 0) / 10, who = Object.entries(failed)
  let time = 0
  fill($('gauges'),
    gauge(`Requests${since ? ` since ${SINCE[since.kind]}, ${hours(since.at)}` : ''}`, count(requests), `${lately < 10 ? lately.toFixed(1) : count(Math.round(lately))} a second`, chart(seconds.map(([one]) => one), true)),
    gauge('Time to answer', half == null ? 'none' : `${ms(half)} ms`, half != null && `p95 ${ms(most)}`, chart(seconds.map(([, one]) => (time = one || time)), true), 'Half of the requests take at most this long. p95: 19 of 20 take at most this long.'),
    gauge('Refused', count(sum(refused)), Object.entries(refused).sort(([, a], [, b]) => b - a).slice(0, 3).map(([status, number]) => `${count(number)} × ${status}`).join(', '), chart(seconds.map(([, , one]) => one)), null, sum(refused) ? '.warn' : ''),
    gauge('Failed', count(sum(failed)), who.length === 1 ? `all ${BLAME[who[0][0]]}` : who.map(([name, number]) => `${number} ${BLAME[name]}`).join(', '), chart(seconds.map(([, , , one]) => one)), null, sum(failed) ? '.bad' : ''), quota())
  $('f-journal').textContent = `journal ${mib(bytes)} of ${mib(limit)} MiB`
}
