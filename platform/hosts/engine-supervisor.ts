/**
 * Keeps the container engine running on a machine without systemd: starts it, and starts it again when it ends.
 * `maru up` starts this program detached, with the script that closes the network of apps; it goes on until it is told to end.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { makeNft } from '#runtime/drivers/nft.ts'
import { ENGINE_OPTIONS } from './engine-options.ts'
import { limitLog } from './log-limit.ts'
import { areRulesInForce } from './rules-in-force.ts'

const FIRST_DELAY_MS = 1000
const LONGEST_DELAY_MS = 30_000
/** An engine that ran this long was well: the next delay is short again. */
const WELL_MS = 60_000
const LOG_LOOK_MS = 60_000
const CLOSING_TIMEOUT_MS = 30_000
/** Its own output and the engine's are one file. */
const STDOUT = 1

let stopping = false
let delayMs = FIRST_DELAY_MS
let engine: ChildProcess | undefined
/** Closes the network before the first start only: rules that are in force then, or came since, are still there when the engine ends. */
let closing = process.argv[2]

const log = (event: string, fields: object = {}) =>
  process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), event, ...fields })}\n`)

/** Fails closed: no engine without it. There is no script where nothing was ever installed. */
async function begin(): Promise<void> {
  if (closing === undefined || !existsSync(closing) || (await wentOn())) {
    start()
    return
  }
  const nft = spawn('nft', ['--file', closing], { stdio: 'inherit', timeout: CLOSING_TIMEOUT_MS })
  nft.once('error', (error) => log('engine.cannot_close', { message: error.message }))
  nft.once('close', (code, signal) => {
    if (code === 0) {
      start()
      return
    }
    log('engine.not_closed', { script: closing, code, signal })
    delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)
    setTimeout(() => void begin(), delayMs)
  })
}

/** This program ended, and the machine went on: what instances may is judged. A filter that does not answer cannot be closed, too. */
const wentOn = async () =>
  areRulesInForce(
    await makeNft()
      .tables()
      .catch(() => []),
  )

function start(): void {
  closing = undefined
  const since = Date.now()
  engine = spawn('dockerd', ENGINE_OPTIONS, { stdio: 'inherit' })
  log('engine.started', { pid: engine.pid })
  engine.once('error', (error) => log('engine.cannot_start', { message: error.message }))
  engine.once('close', (code, signal) => {
    engine = undefined
    log('engine.ended', { code, signal })
    if (stopping) process.exit(0)
    delayMs = Date.now() - since > WELL_MS ? FIRST_DELAY_MS : Math.min(delayMs * 2, LONGEST_DELAY_MS)
    setTimeout(start, delayMs)
  })
}

// At every moment, that of an engine's start among them: without its keeper an engine would go on.
process.on('SIGTERM', () => {
  stopping = true
  if (engine === undefined) process.exit(0)
  engine.kill('SIGTERM')
})
process.on('SIGHUP', () => {})
// A full disk is no reason to end the engine's keeper.
setInterval(() => {
  try {
    limitLog(STDOUT)
  } catch (error) {
    log('engine.log_not_limited', { message: String(error) })
  }
}, LOG_LOOK_MS).unref()
void begin()
