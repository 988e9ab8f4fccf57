// The dialog that asks whom to add to the call.
import { takeNames } from './lobby.js'
import { $ } from './view.js'

const dialog = $('invite')

/** Wires the dialog: `add(names)` is what it does. Esc closes it. */
export function wireInvite({ add }) {
  $('more').addEventListener('click', () => {
    $('invitee').value = ''
    dialog.showModal()
  })
  $('invite-close').addEventListener('click', () => dialog.close())
  $('inviting').addEventListener('submit', () => add(takeNames('invitee')))
}

/** A call that is over takes the dialog with it. */
export function renderInvite(call) {
  $('more').disabled = !call?.id || call.state === 'initiating'
  if (!call && dialog.open) dialog.close()
}
