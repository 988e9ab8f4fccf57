// The two screens before a call: who you are, and whom to call.
import { $, showAvatar } from './view.js'
import * as words from './words.js'

const KEY = 'lumencall.me'
const asked = new URLSearchParams(location.search)

/**
 * As whom to join at once: from the address, or from before a reload. A second tab may be somebody else. A token stands behind the
 * `#`, which no server is sent, and does not stay in the address.
 */
export function rememberedMe() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (token) {
    history.replaceState(null, '', location.pathname + location.search)
    return { token }
  }
  const name = clean(asked.get('name'))
  return name ? { userId: name } : JSON.parse(sessionStorage.getItem(KEY))
}

export const rememberMe = (identity) => sessionStorage.setItem(KEY, JSON.stringify(identity))

/** Forgets who this is, in the address too. */
export function forgetMe() {
  sessionStorage.removeItem(KEY)
  asked.delete('name')
  $('name').value = ''
  history.replaceState(null, '', location.pathname)
}

/**
 * Wires the forms: `join(name)`, `call(names, type)` and `leave()` are what they do; `goBack()` and `stayOut()` are about the call that
 * this page was in before it was loaded anew.
 */
export function wireLobby({ join, call, leave, goBack, stayOut }) {
  $('go-back').addEventListener('click', goBack)
  $('stay-out').addEventListener('click', stayOut)
  onSubmit($('join'), () => join(take('name')))
  onSubmit($('dial'), ({ submitter }) => call(takeNames('callee'), submitter?.value ?? 'video'))
  $('leave').addEventListener('click', leave)
  // Whoever opens the second tab most likely calls it next.
  $('second').addEventListener('click', () => { $('callee').value ||= $('second').dataset.name })
  $('callee').value = asked.get('call') ?? ''
}

/** While the server is being asked, the form waits. */
export function renderJoining(name, busy) {
  $('name').value ||= name ?? ''
  for (const field of $('join').elements) field.disabled = busy
}

/** Draws who is here; without a phone, nobody is. */
export function renderLobby({ name, hasToken, elsewhere, left } = {}) {
  $('elsewhere').textContent = elsewhere ? words.elsewhere : ''
  $('left').hidden = !left
  $('left-text').textContent = left ? words.left(left, name) : ''
  // Who has a token is who it is for.
  $('leave').hidden = hasToken
  $('aside').hidden = hasToken
  $('me').hidden = !name
  if (!name) return
  showAvatar($('me-avatar'), name)
  $('me-name').textContent = name
  $('hello').textContent = `Hello, ${name}`
  const other = name === 'bob' ? 'alice' : 'bob'
  $('second').dataset.name = other
  $('second').textContent = `Open a tab as ${other}`
  $('second').href = `?${new URLSearchParams({ name: other, call: name })}`
}

function onSubmit(form, run) {
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    run(event)
  })
}

function take(id) {
  const value = clean($(id).value)
  $(id).value = value
  return value
}

/** The names in a field, which commas separate; each once. */
export function takeNames(id) {
  const names = [...new Set($(id).value.split(',').map(clean).filter(Boolean))]
  $(id).value = names.join(', ')
  return names
}

const clean = (text) => [...(text ?? '').trim()].slice(0, 32).join('')
