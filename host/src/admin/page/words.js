// Numbers, times and texts as people read them. Times are UTC, as everything that the host writes.

const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })
const UUID = /^[0-9a-f-]{36}$/

export const count = (number) => (number ?? 0).toLocaleString('en')
export const plural = (number, one) => `${count(number)} ${one}${number === 1 ? '' : 's'}`
export const word = (value) => String(value).replaceAll('_', ' ')
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1)
export const isId = (text) => UUID.test(text)
export const short = (text) => (isId(text) ? text.slice(0, 8) : text.length > 24 ? `${text.slice(0, 23)}…` : text)
export const mib = (bytes) => (bytes / 1048576).toFixed(1).replace('.0', '')
export const ms = (us) => (us == null ? '' : (us / 1000).toFixed(us < 1e4 ? 1 : 0))
export const hours = (at) => (at ?? '').slice(11, 19)
export const millis = (at) => (at.match(/\.\d{1,3}/)?.[0] ?? '.').padEnd(4, '0')

const day = (at) => (Number.isNaN(Date.parse(at)) ? String(at) : DAY.format(new Date(at)))
export const moment = (at) => `${day(at)}, ${hours(at)}`
// A time of an item: the hour if it is of the day of `now`, and the day otherwise.
export const when = (at, now) => (at.slice(0, 10) === now?.slice(0, 10) ? hours(at) : day(at).slice(0, -5))
