// A call of several: a tile for each, with their picture, name and marks.
import { play, shows, unmute } from './picture.js'
import { $, element, icon, showAvatar } from './view.js'
import * as words from './words.js'

const list = $('people')
const tiles = new Map()
let putOut

/** `remove(name)` puts one out of the call. */
export function wirePeople({ remove }) {
  putOut = remove
}

/** Draws a tile for each in the call, and for `name`, who looks on. Without a call, lets go of all. Says whether all is heard. */
export async function renderPeople(call, name) {
  list.hidden = !call
  const own = call && { name, is: 'joined', ...call.mine, stream: call.local, own: true }
  const people = call ? [own, ...call.people] : []
  list.dataset.count = people.length
  for (const [known, tile] of tiles) {
    if (people.some((person) => person.name === known)) continue
    play(tile.video)
    tile.remove()
    tiles.delete(known)
  }
  const heard = people.map((person, index) => {
    const tile = tiles.get(person.name) ?? makeTile(person)
    if (list.children[index] !== tile) list.insertBefore(tile, list.children[index] ?? null)
    return draw(tile, person, call)
  })
  return (await Promise.all(heard)).every(Boolean)
}

/** Lets everybody be heard; to be called from a tap. */
export function unmutePeople() {
  for (const { video, own } of tiles.values()) if (!own) unmute(video)
}

function makeTile({ name, own }) {
  const tile = element('li', { className: own ? 'tile own' : 'tile' })
  const video = element('video', { playsInline: true, muted: Boolean(own) })
  const avatar = element('span', { className: 'avatar large', ariaHidden: 'true' })
  const marks = [mark('mic', 'Muted'), mark('camera', 'Camera off')]
  const standing = element('span', { className: 'standing' })
  const label = element('p', { className: 'label' }, element('span', { className: 'name', textContent: own ? words.here : name }), standing, ...marks)
  const out = element('button', { type: 'button', className: 'out', ariaLabel: words.putOut(name), title: words.putOut(name), onclick: () => putOut(name) }, icon('close'))
  tile.append(video, avatar, label)
  if (!own) tile.append(out)
  Object.assign(tile, { video, avatar, marks, standing, out, own })
  showAvatar(avatar, name)
  // The size of the picture is known with its first frame.
  for (const event of ['resize', 'loadeddata']) video.addEventListener(event, () => drawPicture(tile))
  tiles.set(name, tile)
  return tile
}

function draw(tile, person, { type, owned, people }) {
  const { marks: [muted, dark], standing, out, own, video } = tile
  if (tile.is !== person.is && !own) $('news').textContent = words.news(person)
  tile.is = tile.dataset.is = person.is
  tile.shown = person.video
  const badges = words.badges(person, type)
  muted.hidden = !badges.muted
  dark.hidden = !badges.dark
  standing.textContent = own ? '' : words.standing(person)
  // Of two, one hangs up.
  out.hidden = !owned || people.length < 2 || !(person.is === 'joined' || person.is === 'ringing')
  const heard = play(video, person.stream)
  drawPicture(tile)
  return heard
}

function drawPicture(tile) {
  tile.dataset.picture = Boolean(tile.shown) && shows(tile.video)
}

/** A mark of what somebody does not show. */
function mark(name, text) {
  const slashed = icon(name)
  slashed.append(icon('slash').firstChild)
  return element('span', { className: 'mark', title: text, hidden: true }, slashed, element('span', { className: 'unseen', textContent: text }))
}
