import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { MaruError } from '#contract/errors.ts'
import type { CliContext } from './context.ts'

type Streams = Pick<CliContext, 'stdin' | 'stderr'>

/** Whether there is a person to ask. */
export const canAsk = ({ stdin, stderr }: Streams): boolean => stdin.isTTY === true && stderr.isTTY === true

function checkCanAsk(streams: Streams, flag: string): void {
  if (canAsk(streams)) return
  throw new MaruError('invalid', { field: flag, reason: 'is needed where there is no terminal to ask on' })
}

async function askOn(streams: Streams, question: string, output: NodeJS.WritableStream): Promise<string> {
  const { stdin, stderr } = streams
  const reader = createInterface({ input: stdin, output, terminal: true })
  // Ctrl-C and Ctrl-D at a question leave as they do anywhere else.
  reader.once('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    if (output !== stderr) stderr.write(question)
    return await reader.question(output === stderr ? question : '')
  } finally {
    reader.close()
  }
}

/** Asks for a line. Without a terminal it is an error that names the flag to give instead. */
export async function ask(streams: Streams, question: string, flag: string): Promise<string> {
  checkCanAsk(streams, flag)
  return (await askOn(streams, question, streams.stderr)).trim()
}

/** Asks for a secret: what is typed is not shown. */
export async function askSecret(streams: Streams, question: string, flag: string): Promise<string> {
  checkCanAsk(streams, flag)
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const secret = await askOn(streams, question, nowhere)
  streams.stderr.write('\n')
  return secret
}

/** A secret from standard input, for scripts: everything up to the end, without a final line end. */
export async function readSecret(streams: Streams): Promise<string> {
  return (await text(streams.stdin)).replace(/\r?\n$/, '')
}

/** Makes sure that a person means it: the name is typed, or given with `--confirm`. */
export async function confirmName(
  streams: Streams,
  request: { readonly name: string; readonly what: string; readonly given: string | undefined },
): Promise<void> {
  const { name, what, given } = request
  const typed = given ?? (await ask(streams, `${what}\nType ${name} to confirm: `, '--confirm'))
  if (typed === name) return
  throw new MaruError('invalid', { field: '--confirm', reason: `must be exactly ${name}` })
}
