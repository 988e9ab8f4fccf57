// The screens that are shared: another's is the large picture; of one's own there is a notice.
import { play, unmute } from './picture.js'
import { $, element } from './view.js'
import * as words from './words.js'

const area = $('screens')
const button = $('share')
const figures = new Map()
let sharing = false

/** `share(on)` shares one's own screen, or does so no more. Where the browser has no way to, nothing offers it. */
export function wireScreens({ share }) {
  button.hidden = !navigator.mediaDevices?.getDisplayMedia
  button.addEventListener('click', () => share(!sharing))
  $('unshare').addEventListener('click', () => share(false))
}

/** Draws the screens of a call. Without one, lets go of all. Says whether all is heard. */
export async function renderScreens(call) {
  renderOwn(call)
  const people = call?.people.filter(({ screen }) => screen) ?? []
  area.hidden = people.length === 0
  area.dataset.count = people.length
  for (const [known, figure] of figures) {
    if (people.some(({ name }) => name === known)) continue
    play(figure.video)
    figure.remove()
    figures.delete(known)
    if (call) tell(words.screenGone(known))
  }
  const heard = people.map(({ name, screen }) => play((figures.get(name) ?? makeFigure(name)).video, screen))
  return (await Promise.all(heard)).every(Boolean)
}

/** Lets the sound of every screen be heard; to be called from a tap. */
export function unmuteScreens() {
  for (const { video } of figures.values()) unmute(video)
}

function renderOwn(call) {
  const shared = call?.shared
  if (call && sharing !== Boolean(shared)) tell(shared ? words.ownScreen : words.ownScreenGone)
  sharing = Boolean(shared)
  button.setAttribute('aria-pressed', sharing)
  button.disabled = !sharing && call?.state !== 'connected' && call?.state !== 'reconnecting'
  $('share-text').textContent = sharing ? words.stopSharing : words.share
  // The focus does not go with the notice.
  if (!sharing && document.activeElement === $('unshare')) button.focus()
  $('sharing').hidden = !sharing
  $('call').dataset.sharing = sharing
  play($('shared'), shared)
}

function makeFigure(name) {
  const video = element('video', { playsInline: true })
  const figure = element('figure', {}, video, element('figcaption', { textContent: words.screenOf(name) }))
  figure.video = video
  figures.set(name, figure)
  area.append(figure)
  tell(words.screenHere(name))
  return figure
}

/** Says it to who has a reader. */
const tell = (text) => { $('news').textContent = text }
