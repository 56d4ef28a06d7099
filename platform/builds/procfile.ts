import { ProcessType } from '#contract/ids.ts'
import { sourceInvalid } from './walk-source.ts'

const COMMAND_MAX = 4096
const PROCESSES_MAX = 20

/** Reads a Procfile: `type: command` lines, empty lines and `#` comments. Errors name the line. */
export function parseProcfile(text: string): Record<string, string> {
  const processes: Record<string, string> = {}
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const fail = (reason: string) => sourceInvalid(`Procfile line ${index + 1}: ${reason}`)
    const colon = line.indexOf(':')
    if (colon === -1) throw fail('it must read `type: command`')
    const type = ProcessType.safeParse(line.slice(0, colon).trim())
    if (!type.success) throw fail(`the process type ${type.error.issues[0]?.message ?? 'is not valid'}`)
    const command = line.slice(colon + 1).trim()
    if (command === '') throw fail(`${type.data} has no command`)
    if (command.length > COMMAND_MAX) throw fail(`the command is longer than ${COMMAND_MAX} characters`)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(command)) throw fail('it has a control character')
    if (Object.hasOwn(processes, type.data)) throw fail(`${type.data} is there twice`)
    processes[type.data] = command
  }
  const count = Object.keys(processes).length
  if (count === 0) throw sourceInvalid('the Procfile names no process')
  if (count > PROCESSES_MAX) throw sourceInvalid(`the Procfile names more than ${PROCESSES_MAX} processes`)
  return processes
}
