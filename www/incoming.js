// The dialog that asks whether to take a call.
import { $, showAvatar } from './view.js'
import * as words from './words.js'

// Who is typing when it opens must not accept by the key that was on its way.
const GRACE = 600

const dialog = $('incoming')
let opened = 0
let ring

/** Wires the dialog: `accept(ring)` and `decline(ring)` are what its buttons do. */
export function wireIncoming({ accept, decline }) {
  $('accept').addEventListener('click', () => accept(ring))
  $('decline').addEventListener('click', () => decline(ring))
  // Esc declines. The dialog closes when the call has stopped ringing, not before.
  dialog.addEventListener('cancel', (event) => {
    event.preventDefault()
    decline(ring)
  })
  // A browser lets nobody prevent a second Esc.
  dialog.addEventListener('close', () => {
    if (ring && !dialog.open) decline(ring)
  })
  dialog.addEventListener('keydown', (event) => {
    if (performance.now() - opened < GRACE && event.key !== 'Tab') event.preventDefault()
  })
}

/** Asks `name` about `incoming`, or stops asking. */
export function renderIncoming(incoming, name) {
  if (ring?.id === incoming?.id) return
  ring = incoming
  if (dialog.open) dialog.close()
  if (!ring) return
  showAvatar($('ring-avatar'), ring.callerId)
  $('ring-name').textContent = ring.callerId
  $('ring-kind').textContent = words.incoming(ring, name)
  opened = performance.now()
  dialog.showModal()
}
