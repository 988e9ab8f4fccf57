// What is shared: a picture that moves, and a sound that does not stop.

const context = document.querySelector('canvas').getContext('2d')
let hue = 0
setInterval(() => {
  context.fillStyle = `hsl(${(hue += 40)} 100% 50%)`
  context.fillRect(0, 0, 320, 240)
}, 100)

const audio = new AudioContext()
const sound = audio.createOscillator()
sound.connect(audio.destination)
sound.start()
