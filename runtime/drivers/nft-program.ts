import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { FileHandle } from 'node:fs/promises'
import { Socket } from 'node:net'
import { makeInTurn } from '#runtime/kit/in-turn.ts'
import { openMemoryFile } from './files.ts'
import { startPartner } from './process.ts'

/** What the program said to what it was asked. */
export interface NftAnswer {
  readonly stdout: string
  /** Why it refused something, and what it warns of. */
  readonly stderr: string
}

/** `nft` as a program that reads what to do line by line: what is asked is answered in turn. */
export interface NftProgram {
  /** Arguments that lead into the network whose filter it is. */
  readonly enter: readonly string[]
  /** Commands, one a line, each done or refused on its own. Throws when the program does not answer. */
  ask(commands: string): Promise<NftAnswer>
  /** One transaction: all of the script or nothing. Throws when the program does not answer: it may be loaded then, or not. */
  load(script: string): Promise<NftAnswer>
}

const TIMEOUT_MS = 10_000
/** Where it reads line by line, it keeps the lines in a file of its user, and looks for it. */
const ENV = { LC_ALL: 'C', HOME: '/dev/null' }
/** It remembers every line that it has read: after so many questions another takes its place. */
const QUESTIONS = 1_000
/** The number under which the program has the file with the script. */
const SCRIPT_FD = 3
/** No command: what the program says of it is the last that it says of what it was asked before. */
const END = 'that-is-all'
const ENDED = new RegExp(`Error: [^\\n]*\\n${END}\\n *\\^+\\n$`)
const ENDED_LENGTH = 300

interface Running {
  readonly child: ChildProcess
  /** Files in memory: the program flushes after each word, and reads lines one letter at a time. */
  readonly script: FileHandle
  readonly output: FileHandle
  /** When the program is gone, and its files closed. */
  readonly gone: Promise<unknown>
  questions: number
}

/**
 * The program for the network that the arguments lead into. One that stays answers in a tenth of the time that another needs to
 * start; it ends with this one, and is started anew when it is gone. Otherwise it ends with each answer.
 */
export function makeNftProgram(enter: readonly string[] = [], stays = false): NftProgram {
  const inTurn = makeInTurn()
  let running: Running | undefined
  const start = async () => {
    const started = await startProgram(enter)
    running = started
    started.child.once('close', () => {
      if (running === started) running = undefined
    })
    return started
  }
  const by = (work: (program: Running) => Promise<NftAnswer>) =>
    inTurn(async () => {
      const program = running ?? (await start())
      program.child.ref()
      try {
        return await work(program)
      } finally {
        program.questions += 1
        if (!stays || program.questions >= QUESTIONS) {
          running = undefined
          program.child.stdin?.end()
          await program.gone
        }
        program.child.unref()
      }
    })
  return {
    enter,
    ask: (commands) => by((program) => answer(program, commands)),
    load: (script) =>
      by(async (program) => {
        await program.script.truncate()
        await program.script.appendFile(script)
        return await answer(program, `include "/proc/self/fd/${SCRIPT_FD}"\n`)
      }),
  }
}

async function startProgram(enter: readonly string[]): Promise<Running> {
  const [script, output] = await Promise.all([openMemoryFile(), openMemoryFile()])
  const [file = 'nft', ...args] = [...enter, 'nft', '--interactive']
  const child = startPartner([file, ...args], { env: ENV, outputFd: output.fd, moreFds: [script.fd] })
  const gone = once(child, 'close').finally(() => Promise.all([script.close(), output.close()]))
  // Whoever waits for an answer is told. While nobody does, this program may end.
  gone.catch(() => {})
  for (const stream of [child.stdin, child.stderr]) {
    stream?.on('error', () => {})
    if (stream instanceof Socket) stream.unref()
  }
  return { child, script, output, gone, questions: 0 }
}

async function answer({ child, output }: Running, commands: string): Promise<NftAnswer> {
  const refusals = await untilAnswered(child, commands)
  const { size } = await output.stat()
  if (size === 0) return { stdout: '', stderr: refusals }
  const { buffer, bytesRead } = await output.read(Buffer.alloc(size), 0, size, 0)
  await output.truncate()
  return { stdout: buffer.toString('utf8', 0, bytesRead), stderr: refusals }
}

/** Gives what the program refuses, once it has come to the end of what it was asked. */
function untilAnswered(child: ChildProcess, commands: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    const over = () => {
      clearTimeout(timer)
      child.stderr?.off('data', hear)
      child.off('close', end).off('error', fail)
    }
    const fail = (error: Error) => {
      over()
      reject(error)
    }
    const end = () => fail(new Error(`nft ended before it had answered: ${said.trim().slice(0, 500)}`))
    const hear = (piece: Buffer) => {
      said += piece.toString('utf8')
      if (!ENDED.test(said.slice(-ENDED_LENGTH))) return
      over()
      resolve(said.replace(ENDED, ''))
    }
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      fail(new Error(`nft did not answer within ${TIMEOUT_MS / 1000} s`))
    }, TIMEOUT_MS)
    child.stderr?.on('data', hear)
    child.once('close', end).once('error', fail)
    child.stdin?.write(`${commands}${END}\n`)
  })
}
