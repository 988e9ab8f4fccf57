// Streams in video elements.

/** Plays `stream` in `video`. Resolves to false where the browser wants a tap before there may be sound. */
export async function play(video, stream = null) {
  if (video.srcObject === stream) return !(stream && video.dataset.silenced)
  video.srcObject = stream
  delete video.dataset.silenced
  if (!stream) return true
  try {
    await video.play()
    return true
  } catch (error) {
    // Anything else means that the stream was taken away meanwhile.
    if (error.name !== 'NotAllowedError') return true
  }
  video.muted = true
  video.dataset.silenced = 'yes'
  video.play().catch(() => {})
  return false
}

/** Lets a silenced `video` be heard; to be called from a tap. */
export async function unmute(video) {
  delete video.dataset.silenced
  video.muted = false
  await video.play()
}

/** Whether there is a picture to be seen in `video`. */
export function shows(video) {
  return video.videoWidth > 0 && Boolean(video.srcObject?.getVideoTracks().some((track) => track.readyState === 'live'))
}
