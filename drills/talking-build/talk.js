// Connects to the registry of packages again and again, so that frames come back to this build. Whoever began it ends it; else it
// fails after five minutes: nothing is ever deployed.
import { connect } from 'node:net'

const { hostname, port, protocol } = new URL(
  process.env.npm_config_registry ?? 'https://registry.npmjs.org',
)
const at = { host: hostname, port: Number(port) || (protocol === 'http:' ? 80 : 443) }

setInterval(() => {
  const socket = connect(at, () => socket.destroy())
  socket.on('error', () => {})
}, 200)
setTimeout(() => process.exit(1), 300_000)
