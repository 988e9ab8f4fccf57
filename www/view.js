// The page's frame: which screen is shown, its notices, names as pictures, and the title of the tab.

export const $ = (id) => document.getElementById(id)

const precise = matchMedia('(pointer: fine)')

/** Shows one of the screens, and puts the focus where reading begins. */
export function showScreen(name) {
  const { body } = document
  if (body.dataset.screen === name) return
  body.dataset.screen = name
  for (const screen of document.querySelectorAll('section[data-screen]')) {
    screen.hidden = screen.dataset.screen !== name
  }
  // On a phone the focus on a field would bring up the keyboard, unasked.
  const start = precise.matches ? '[data-start], h1' : 'h1'
  document.querySelector(`section[data-screen=${name}] :is(${start})`)?.focus({ preventScroll: true })
  clearNotice()
}

/**
 * Says how something ended or went wrong, on the screen that is in front. `action` is offered as a button.
 * @param {{ title: string, detail?: string, tone?: 'plain' | 'trouble', action?: { label: string, run: () => void } }} notice
 */
export function showNotice({ title, detail, tone = 'plain', action }) {
  clearNotice()
  const box = front()
  if (!box) return
  box.dataset.tone = tone
  // An alert is read at once, a status when the reader has come to a pause.
  box.setAttribute('role', tone === 'trouble' ? 'alert' : 'status')
  const text = element('div', { className: 'text' })
  text.append(element('strong', { textContent: title }))
  if (detail) text.append(element('p', { textContent: detail }))
  box.append(text)
  if (action) box.append(element('button', { type: 'button', className: 'small', textContent: action.label, onclick: action.run }))
  const close = element('button', { type: 'button', className: 'close', ariaLabel: 'Dismiss', onclick: clearNotice })
  close.append(icon('close'))
  box.append(close)
  box.hidden = false
}

export function clearNotice() {
  for (const box of document.querySelectorAll('.notice')) {
    box.replaceChildren()
    box.hidden = true
  }
}

/** Where notices belong now: a dialog hides what is behind it. */
const front = () =>
  document.querySelector('dialog[open] .notice') ?? document.querySelector('section:not([hidden]) .notice')

function element(tag, properties) {
  return Object.assign(document.createElement(tag), properties)
}

function icon(name) {
  const namespace = 'http://www.w3.org/2000/svg'
  const svg = document.createElementNS(namespace, 'svg')
  const use = document.createElementNS(namespace, 'use')
  use.setAttribute('href', `#i-${name}`)
  svg.setAttribute('aria-hidden', 'true')
  svg.append(use)
  return svg
}

/** Makes `avatar` stand for somebody: initials, on a tone of their own. */
export function showAvatar(avatar, name) {
  const letters = name.split(/[\s._-]+/).filter(Boolean).map((word) => [...word][0])
  avatar.textContent = (letters.length > 1 ? letters[0] + letters.at(-1) : letters[0] ?? '?').toUpperCase()
  avatar.dataset.tone = [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 9973, 7) % 6
}

const calm = matchMedia('(prefers-reduced-motion: reduce)')
let blinking

/** Sets the title of the tab; `urgent` makes it blink between this and the page's name. */
export function showTitle(title, urgent) {
  if (!urgent || calm.matches) {
    clearInterval(blinking)
    blinking = undefined
    document.title = title
  } else if (blinking === undefined) {
    let lit = true
    document.title = title
    blinking = setInterval(() => {
      lit = !lit
      document.title = lit ? title : 'lumencall'
    }, 1000)
  }
}
