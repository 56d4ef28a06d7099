import type { ChildProcess } from 'node:child_process'
import type { FileHandle } from 'node:fs/promises'
import { Socket } from 'node:net'
import { makeInTurn } from '#runtime/kit/in-turn.ts'
import { openMemoryFile, readSince } from './files.ts'
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
  readonly gone: Promise<void>
  /** What it has said since its last answer. */
  said: string
  /** Why it answers no more. */
  ended: Error | undefined
  /** Called when it has said something, or ended. */
  onNews: () => void
  questions: number
}

/**
 * The program for the network that the arguments lead into. One that stays answers in a tenth of the time that another needs to
 * start; it ends with this one, and is started anew when it is gone. Otherwise it ends with each answer.
 */
export function makeNftProgram(enter: readonly string[] = [], stays = false): NftProgram {
  const inTurn = makeInTurn()
  let kept: Running | undefined
  const by = (work: (program: Running) => Promise<NftAnswer>) =>
    inTurn(async () => {
      const program = kept !== undefined && kept.ended === undefined ? kept : await startProgram(enter)
      kept = undefined
      program.child.ref()
      try {
        const answered = await work(program)
        program.questions += 1
        if (stays && program.questions < QUESTIONS) kept = program
        else await endProgram(program)
        return answered
      } catch (error) {
        // Whoever comes next has a program of which nothing is left open.
        program.child.kill('SIGKILL')
        throw program.ended ?? error
      } finally {
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
  const files: FileHandle[] = []
  const closeFiles = async () => void (await Promise.all(files.map((file) => file.close())))
  const openFile = async () => {
    const file = await openMemoryFile()
    files.push(file)
    return file
  }
  try {
    const [script, output] = [await openFile(), await openFile()]
    const [file = 'nft', ...args] = [...enter, 'nft', '--interactive']
    const child = startPartner([file, ...args], { env: ENV, outputFd: output.fd, moreFds: [script.fd] })
    const gone = new Promise<void>((resolve) => child.once('close', resolve)).then(closeFiles)
    return follow({ child, script, output, gone, said: '', ended: undefined, onNews: () => {}, questions: 0 })
  } catch (error) {
    await closeFiles()
    throw error
  }
}

/** Takes down what the program says, and its end. */
function follow(program: Running): Running {
  const { child } = program
  const end = (why: Error) => {
    program.ended ??= why
    program.onNews()
  }
  child.stderr?.on('data', (piece: Buffer) => {
    program.said += piece.toString('utf8')
    program.onNews()
  })
  child.once('error', end)
  child.once('close', () =>
    end(new Error(`nft ended before it had answered: ${program.said.trim().slice(0, 500)}`)),
  )
  for (const stream of [child.stdin, child.stderr]) {
    // Its end tells of it.
    stream?.on('error', () => {})
    if (stream instanceof Socket) stream.unref()
  }
  return program
}

/** One that does not end when nothing more will be asked is killed. */
async function endProgram({ child, gone }: Running): Promise<void> {
  const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS)
  child.stdin?.end()
  await gone
  clearTimeout(timer)
}

async function answer(program: Running, commands: string): Promise<NftAnswer> {
  const { output } = program
  const refusals = await untilAnswered(program, commands)
  const printed = await readSince(output, 0)
  if (printed.length > 0) await output.truncate()
  return { stdout: printed.toString('utf8'), stderr: refusals }
}

/** Gives what the program refuses, once it has come to the end of what it was asked. */
function untilAnswered(program: Running, commands: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void) => {
      clearTimeout(timer)
      program.onNews = () => {}
      end()
    }
    const look = () => {
      if (program.ended !== undefined) return settle(() => reject(program.ended))
      if (!ENDED.test(program.said.slice(-ENDED_LENGTH))) return
      const refusals = program.said.replace(ENDED, '')
      program.said = ''
      settle(() => resolve(refusals))
    }
    const silent = new Error(`nft did not answer within ${TIMEOUT_MS / 1000} s`)
    const timer = setTimeout(() => settle(() => reject(silent)), TIMEOUT_MS)
    program.onNews = look
    program.child.stdin?.write(`${commands}${END}\n`)
    look()
  })
}
