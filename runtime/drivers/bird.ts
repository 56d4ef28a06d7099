import { connect } from 'node:net'
import { isAbsent } from './files.ts'

/** A running BIRD, through its control socket. */
export interface Bird {
  /** What it answers to a command; undefined when no BIRD listens. */
  ask(command: string): Promise<BirdAnswer | undefined>
}

export interface BirdAnswer {
  /** False where it says that it could not (codes from 8000 on). */
  readonly ok: boolean
  readonly lines: readonly string[]
}

const ANSWER_TIMEOUT_MS = 5_000
/** `1002-text` goes on, `0000 text` ends the answer; what begins with a space belongs to the line before. */
const LINE = /^(\d{4})([ -])(.*)$/
const FIRST_FAILURE = 8_000

/** A client of a BIRD's control socket. */
export const makeBird = (socketPath: string): Bird => ({
  ask: async (command) => {
    try {
      return await exchange(socketPath, command)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (isAbsent(error) || code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === 'EPIPE')
        return undefined
      throw error
    }
  },
})

/** The routes that a BIRD has heard: each prefix with its communities, sorted. Nothing where no BIRD listens. */
export async function heardBy(bird: Bird): Promise<string[]> {
  const heard: string[] = []
  for (const line of (await bird.ask('show route table all all'))?.lines ?? []) {
    const [, prefix] = /^(\d+\.\d+\.\d+\.\d+\/\d+|[\da-f:]*:[\da-f:]*\/\d+)\s/.exec(line.trim()) ?? []
    if (prefix !== undefined) heard.push(prefix)
    const [, flow] = /^(flow[46] \{.*?\})\s/.exec(line.trim()) ?? []
    if (flow !== undefined) heard.push(flow)
    const [, communities] = /BGP\.(?:ext_)?community: (.*)/.exec(line) ?? []
    if (communities !== undefined) heard.push(`${heard.pop()} ${communities.trim()}`)
  }
  return heard.sort()
}

/** It greets, is asked, and answers: the second line that ends something ends the answer. */
function exchange(socketPath: string, command: string): Promise<BirdAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath)
    let rest = ''
    let greeted = false
    const lines: string[] = []
    const take = (line: string) => {
      const [, code = '', mark, text = line.trim()] = LINE.exec(line) ?? []
      if (greeted) lines.push(text)
      if (mark !== ' ') return
      if (!greeted) {
        greeted = true
        socket.write(`${command}\n`)
        return
      }
      socket.destroy()
      resolve({ ok: Number(code) < FIRST_FAILURE, lines: lines.filter((one) => one !== '') })
    }
    socket.setEncoding('utf8')
    socket.setTimeout(ANSWER_TIMEOUT_MS, () =>
      socket.destroy(new Error(`BIRD did not answer "${command.split(' ')[0]}"`)),
    )
    socket.on('data', (text: string) => {
      const all = (rest + text).split('\n')
      rest = all.pop() ?? ''
      for (const line of all) take(line)
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('BIRD ended the connection without an answer')))
  })
}
