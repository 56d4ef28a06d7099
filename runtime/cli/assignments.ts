import { readFile } from 'node:fs/promises'
import { parseEnv } from 'node:util'
import { MaruError, parseWith } from '#contract/errors.ts'
import { ConfigName } from '#contract/ids.ts'

const invalid = (field: string, reason: string) => new MaruError('invalid', { field, reason })

/** Splits `NAME=value` at the first equals sign; `form` is how it should have looked. */
export function splitAssignment(text: string, form = 'NAME=VALUE'): readonly [name: string, value: string] {
  const at = text.indexOf('=')
  if (at < 1) throw invalid(JSON.stringify(text.slice(0, 40)), `must look like ${form}`)
  return [text.slice(0, at), text.slice(at + 1)]
}

const withoutFinalNewline = (text: string) => text.replace(/\r?\n$/, '')

async function readValueFile(name: string, file: string): Promise<string> {
  try {
    return withoutFinalNewline(await readFile(file, 'utf8'))
  } catch (cause) {
    throw new MaruError('invalid', { field: name, reason: `the file ${file} cannot be read` }, { cause })
  }
}

/**
 * Configuration values from the command line: `NAME=value`, `NAME=@file` (the file's text, without a final line
 * end), `NAME=@-` (standard input), `NAME=@@text` (a value that starts with @), and `-`: NAME=value lines on
 * standard input, as in a .env file.
 */
export async function parseConfig(
  inputs: readonly string[],
  readStdin: () => Promise<string>,
): Promise<Record<string, string>> {
  const values: Record<string, string> = {}
  const add = (name: string, value: string) => {
    values[parseWith(ConfigName, name, name)] = value
  }
  for (const input of inputs) {
    if (input === '-') {
      for (const [name, value] of Object.entries(parseEnv(await readStdin()))) add(name, value ?? '')
      continue
    }
    const [name, value] = splitAssignment(input)
    if (value === '@-') add(name, withoutFinalNewline(await readStdin()))
    else if (value.startsWith('@@')) add(name, value.slice(1))
    else add(name, value.startsWith('@') ? await readValueFile(name, value.slice(1)) : value)
  }
  if (Object.keys(values).length === 0) throw invalid('NAME=VALUE', 'nothing to set')
  return values
}

/** Numbers of instances from the command line: `web=3 worker=1`. */
export function parseScale(inputs: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>()
  for (const input of inputs) {
    const [process, count] = splitAssignment(input, 'web=3')
    if (!/^\d{1,4}$/.test(count))
      throw invalid(process, `must be a whole number, not ${JSON.stringify(count)}`)
    if (counts.has(process)) throw invalid(process, 'is given twice')
    counts.set(process, Number(count))
  }
  return Object.fromEntries(counts)
}

/** A release from the command line: `v3` or `3`. */
export function parseRelease(text: string): number {
  const digits = /^v?([1-9]\d{0,6})$/.exec(text)?.[1]
  if (digits === undefined) throw invalid('RELEASE', 'must be a release number such as v3')
  return Number(digits)
}
