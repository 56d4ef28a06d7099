// From its first moment on, over and over, it tries what no rule allows: the doors in TARGETS, and its neighbours on the network of
// apps. Each second it prints when it started, how often it has tried, and which doors have answered, be it with a refusal.
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'

const PATIENCE_MS = 150
const PAUSE_MS = 20
const LINES_PER_DOOR = 3

const start = Date.now()
const own = networkInterfaces().eth0?.find(({ family }) => family === 'IPv4')?.address ?? ''
const last = own.lastIndexOf('.')
const beside = [-2, -1, 1, 2].map((step) => `${own.slice(0, last)}.${Number(own.slice(last + 1)) + step}:8080`)
const doors = [...(process.env.TARGETS ?? '').split(',').filter(Boolean), ...beside]
const reached = {}
let tries = 0

const attempt = (door) =>
  new Promise((resolve) => {
    const [host, port] = door.split(':')
    const socket = connect({ host, port: Number(port), timeout: PATIENCE_MS })
    tries += 1
    const end = (isReached) => {
      if (isReached) reached[door] = (reached[door] ?? 0) + 1
      socket.destroy()
      setTimeout(resolve, PAUSE_MS)
    }
    socket.once('connect', () => end(true))
    socket.once('timeout', () => end(false))
    socket.once('error', ({ code }) => end(code === 'ECONNREFUSED'))
  })
const tryForever = async (door) => {
  for (;;) await attempt(door)
}
for (const door of doors) for (let line = 0; line < LINES_PER_DOOR; line += 1) tryForever(door)

const tell = () => console.log(JSON.stringify({ start, at: Date.now(), tries, reached }))
tell()
setInterval(tell, 1000)
createServer((_, response) => response.end('trying')).listen(process.env.PORT)
