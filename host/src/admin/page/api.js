// Talks to the host that served the page. The token comes in the fragment of the address, which browsers never send, and is kept for
// this tab only.

const KEPT = 'portdesk-token'
export const token = () => sessionStorage.getItem(KEPT)

// Takes the token out of the address, so that it is in no bookmark and in no history.
export function takeToken() {
  const said = new URLSearchParams(location.hash.slice(1))
  if (!said.has('k')) return
  sessionStorage.setItem(KEPT, said.get('k'))
  said.delete('k')
  history.replaceState(null, '', `#${said}`)
}

async function ask(path, { headers, ...options } = {}) {
  const answer = await fetch(`/v1/${path}`, { ...options, headers: { authorization: `Bearer ${token()}`, ...headers } })
  if (answer.ok) return answer
  const body = await answer.json().catch(() => ({}))
  const failed = body.steps?.find((step) => step.outcome === 'failed')
  const said = body.message ?? (failed && `Step ${failed.number} failed (${failed.title}). Everything is as before.`)
  throw Object.assign(new Error(said ?? `The host answers ${answer.status}.`), { status: answer.status, code: body.error })
}

export const query = (members) => new URLSearchParams(Object.entries(members).filter(([, value]) => value != null && value !== ''))
export const get = async (path, members = {}, as = 'json') => (await ask(`${path}?${query(members)}`))[as]()
export const send = async (method, path, body = {}, type = 'application/json') => (await ask(path, method === 'DELETE' ? { method } : {
  method, headers: { 'content-type': type }, body: typeof body === 'string' ? body : JSON.stringify(body),
})).json()

// Follows the events of a space. `EventSource` cannot send the token, so `fetch` reads the stream. A hidden tab has no stream,
// because a browser opens only six connections to one host.
export function follow(space, last, on) {
  let abort, timer, failures = 0
  const ended = new AbortController()
  const open = async () => {
    clearTimeout(timer)
    if (ended.signal.aborted || document.hidden || abort) return
    const mine = abort = new AbortController()
    try {
      const answer = await ask(`events?${query({ thin: 400, space })}`, { headers: { 'last-event-id': last }, signal: mine.signal })
      on.state('live')
      failures = 0
      await read(answer.body.pipeThrough(new TextDecoderStream()), ({ id, event, data }) => {
        if (!event) return
        last = id
        // A defect of the page must not look like a lost connection.
        try { on.event(event, JSON.parse(data)) } catch (error) { reportError(error) }
      })
    } catch (error) {
      if (/40[14]/.test(error.status)) { ended.abort(); return on.lost(error) }
    }
    abort = null
    if (!ended.signal.aborted && !document.hidden) { on.state('waiting'); timer = setTimeout(open, Math.min(5000, 100 * 2 ** failures++)) }
  }
  const turn = () => { if (!document.hidden) return open(); on.state('hidden'); abort?.abort() }
  document.addEventListener('visibilitychange', turn, { signal: ended.signal })
  open()
  return () => { ended.abort(); abort?.abort() }
}

async function read(stream, event) {
  const reader = stream.getReader()
  for (let text = ''; ;) {
    const { done, value } = await reader.read()
    if (done) return
    const blocks = (text + value).split('\n\n')
    text = blocks.pop()
    for (const block of blocks) event(Object.fromEntries(block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)])))
  }
}
