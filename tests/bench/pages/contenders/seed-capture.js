// The seed's flow with its text to the letter: `getUserMedia` stands between the peer connection and its tracks.
import { open as openSeed } from './seed.js'

export const open = (context) =>
  openSeed({ ...context, stream: () => navigator.mediaDevices.getUserMedia({ audio: true, video: true }) })
