// The page's frame: which screen is shown, its notices, names as pictures, and the title of the tab.

export const $ = (id) => document.getElementById(id)

const touch = matchMedia('(pointer: coarse)')

/** Shows one of the screens, and puts the focus where reading begins. */
export function showScreen(name) {
  const { body } = document
  if (body.dataset.screen === name) return
  body.dataset.screen = name
  for (const screen of document.querySelectorAll('section[data-screen]')) {
    screen.hidden = screen.dataset.screen !== name
    if (screen.hidden) continue
    // On a phone the focus on a field would bring up the keyboard, unasked.
    const field = touch.matches ? null : screen.querySelector('[data-start]')
    const start = field ?? screen.querySelector('h1')
    start?.focus({ preventScroll: true })
  }
  clearNotice()
}

/**
 * Says how something ended or went wrong, on the screen that is in front. `action` is offered as a button.
 * @param {{ title: string, detail?: string, tone?: 'plain' | 'trouble', action?: { label: string, run: () => void } }} notice
 */
export function showNotice({ title, detail, tone = 'plain', action }) {
  clearNotice()
  const text = element('div', { className: 'text' }, element('strong', { textContent: title }))
  if (detail) text.append(element('p', { textContent: detail }))
  const notice = element('div', { className: `notice ${tone}` }, text)
  // A reader says trouble at once, and all else when it has come to a pause.
  if (tone === 'trouble') notice.setAttribute('role', 'alert')
  if (action) notice.append(element('button', { type: 'button', className: 'small', textContent: action.label, onclick: action.run }))
  notice.append(element('button', { type: 'button', className: 'close', ariaLabel: 'Dismiss', onclick: clearNotice }, icon('close')))
  front().append(notice)
}

export function clearNotice() {
  for (const notice of document.querySelectorAll('.notice')) notice.remove()
}

/** Where notices belong now: a dialog hides what is behind it. */
const front = () =>
  document.querySelector('dialog[open] .notices') ?? document.querySelector('section:not([hidden]) .notices')

/** An element with these properties and children. */
export function element(tag, properties, ...children) {
  const node = Object.assign(document.createElement(tag), properties)
  node.append(...children)
  return node
}

/** A picture from the page's sprite. */
export function icon(name) {
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
let shownTitle = ''
let blinking

/** Sets the title of the tab; one that is `urgent` blinks. */
export function showTitle(title, urgent) {
  if (title === shownTitle) return
  shownTitle = document.title = title
  clearInterval(blinking)
  if (!urgent || calm.matches) return
  blinking = setInterval(() => {
    document.title = document.title === title ? 'lumencall' : title
  }, 1000)
}
